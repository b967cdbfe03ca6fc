"""A calibration -> exercise.toml, with where it comes from; comments and order stay."""

from __future__ import annotations

from pathlib import Path

import tomlkit
from tomlkit.items import Table
from tomlkit.toml_document import TOMLDocument

from ..output import write_text
from .calibrating import METHOD, Calibration

COMMENT = "measured by `grade calibrate`: the page draws the band, nothing here costs points"


def write_calibration(path: Path, found: Calibration, date: str | None) -> None:
    """Write [calibration.<data set>], and lower the threshold where correct submissions would miss it."""
    document = tomlkit.parse(path.read_text(encoding="utf-8"))
    _lower_threshold(document, found)
    _calibrations(document)[found.dataset] = _measured(found, date)
    write_text(path, tomlkit.dumps(document))


def lowered(current: float, found: Calibration) -> float:
    """What a threshold becomes: how much more than that is asked for is its author's to say."""
    return current if found.accuracy is None else min(current, found.accuracy)


def _lower_threshold(document: TOMLDocument, found: Calibration) -> None:
    thresholds = document.get("threshold")
    if thresholds is not None and found.dataset in thresholds:
        current = float(thresholds[found.dataset])
        if lowered(current, found) != current:
            thresholds[found.dataset] = lowered(current, found)


def _calibrations(document: TOMLDocument) -> Table:
    if "calibration" not in document:
        document.add(tomlkit.nl())
        document["calibration"] = tomlkit.table(is_super_table=True)
    calibrations = document["calibration"]
    assert isinstance(calibrations, Table)
    return calibrations


def _measured(found: Calibration, date: str | None) -> Table:
    table = tomlkit.table()
    table.comment(COMMENT)
    numbers: dict[str, object] = {
        "accuracy": found.accuracy,
        "loss": found.loss,
        "seeds": found.seeds,
        "programs": [population.name for population in found.populations],
        "runs": found.runs,
        "torch": found.torch,
        "date": date,
        "method": METHOD,
        "unproven": round(found.unproven, 4),
    }
    for key, value in numbers.items():
        if value is not None:
            table[key] = value
    band = tomlkit.array()
    band.extend([list(pair) for pair in found.band])
    table["band"] = band.multiline(True)
    return table
