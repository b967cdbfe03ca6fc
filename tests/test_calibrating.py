"""Calibration: what many runs say, and what is written into exercise.toml."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from grader.authoring.calibrate_command import as_json, as_text, refuse_below_zero_at
from grader.authoring.calibrating import Calibration, Population, variants
from grader.authoring.editing import Program
from grader.authoring.provenance import lowered, write_calibration
from grader.errors import ExerciseError
from grader.exercise import load_exercise

from .builders import make_exercise, make_line
from .evidence import CHECKS
from .test_verifying import REFERENCE, TOML

GRADE = Path(sys.executable).with_name("grade")
ROOT = Path(__file__).resolve().parent.parent
STEADY = Population("reference", (0.970, 0.972, 0.971), ((0.50, 0.20), (0.52, 0.21), (0.51, 0.19)))
LOWER = Population("batch-double", (0.960, 0.964, 0.962), ((0.60, 0.30), (0.58, 0.25), (0.59, 0.28)))
FOUND = Calibration("digits", 3, "2.13.0", (STEADY, LOWER))


def test_the_weakest_correct_program_sets_the_numbers() -> None:
    """Its bounds, rounded away from it, are what every correct submission meets."""
    assert FOUND.accuracy is not None
    assert LOWER.lowest_accuracy - 0.001 < FOUND.accuracy <= LOWER.lowest_accuracy < STEADY.lowest_accuracy
    assert LOWER.highest_loss <= FOUND.loss <= LOWER.highest_loss * 1.002
    assert FOUND.runs == 6


def test_the_band_holds_every_run_in_each_epoch() -> None:
    """Lowest and highest mean loss, rounded outwards."""
    assert FOUND.band == ((0.5, 0.6), (0.19, 0.3))
    for population in FOUND.populations:
        for curve in population.curves:
            assert all(low <= loss <= high for loss, (low, high) in zip(curve, FOUND.band, strict=True))


def test_a_threshold_is_lowered_and_never_raised() -> None:
    """How much more than the least is asked for is the author's to say."""
    assert FOUND.accuracy is not None
    assert lowered(0.99, FOUND) == FOUND.accuracy
    assert lowered(0.5, FOUND) == 0.5


def test_what_is_proved_without_assumptions_is_said() -> None:
    """Three runs prove very little, and the text says so; alarms are named."""
    noisy = replace(FOUND, populations=(replace(STEADY, alarms=((7, "loss-not-decreasing"),)), LOWER))
    text = as_text(noisy, make_exercise(threshold={"digits": 0.93}))
    assert "threshold proposed" in text
    assert "at most 63.2% of its runs" in text
    assert "a correct run lost points: reference, seed 7: loss-not-decreasing" in text
    assert json.loads(as_json(noisy))["alarms"] == [{"program": "reference", "seed": 7, "check": "loss-not-decreasing"}]


def test_without_a_data_set_there_is_a_loss_and_no_accuracy() -> None:
    """A submission that brings its own data."""
    own = Calibration("own", 3, "2.13.0", (replace(STEADY, accuracies=()),))
    assert own.accuracy is None
    assert "threshold" not in as_text(own, make_exercise())


def write(folder: Path, more: str = "") -> Path:
    """An exercise with comments, a data set, and a threshold that is too high."""
    top = 'dataset = "mnist" # ours\nthreshold = {mnist = 0.5, digits = 0.99} # to be measured\n'
    (folder / "tiny").mkdir()
    path = folder / "tiny" / "exercise.toml"
    path.write_text(TOML.replace("[rubric", f"{top}[rubric", 1).replace("CHECKS", '["@order"] # the step') + more)
    return path


def test_comments_and_order_stay_and_the_rest_is_written(tmp_path: Path) -> None:
    """The band is read back, the digest does not change by being measured, and a second time replaces the first."""
    path = write(tmp_path)
    before = path.read_text()
    low = replace(FOUND, populations=(STEADY, replace(LOWER, accuracies=(0.999, 0.999, 0.999))))
    write_calibration(path, replace(low, dataset="mnist"), None)
    digest = load_exercise(path.parent, CHECKS).digest
    assert path.read_text().startswith(before.rstrip("\n"))
    write_calibration(path, FOUND, "2026-01-31")
    write_calibration(path, FOUND, "2026-01-31")
    text = path.read_text()
    assert text.count("# ours") == text.count("# to be measured") == text.count("# the step") == 1
    assert text.count("[calibration.digits]") == text.count("[calibration.mnist]") == 1
    exercise = load_exercise(path.parent, CHECKS)
    assert exercise.band == {"mnist": FOUND.band, "digits": FOUND.band}
    assert exercise.threshold == {"mnist": 0.5, "digits": FOUND.accuracy}
    assert exercise.digest != digest  # the threshold decides, so it counts
    measured = tomllib.loads(text)["calibration"]["digits"]
    assert measured["programs"] == ["reference", "batch-double"]
    assert (measured["seeds"], measured["runs"], measured["torch"], measured["date"]) == (3, 6, "2.13.0", "2026-01-31")


def test_a_threshold_below_what_earns_nothing_is_refused() -> None:
    """The exercise would not be well formed any more; its author has to decide."""
    line = make_line("accuracy", 3, "accuracy-below-threshold", settings={"zero_at": {"digits": 0.98}})
    with pytest.raises(ExerciseError, match=r"zero_at\.digits: 0\.98 is not below"):
        refuse_below_zero_at(FOUND, make_exercise([line]))
    refuse_below_zero_at(replace(FOUND, dataset="mnist"), make_exercise([line]))


def test_what_was_measured_does_not_count_for_the_digest(tmp_path: Path) -> None:
    """The hidden images are drawn from the digest, and what was measured on them must not move them."""
    path = write(tmp_path)
    before = load_exercise(path.parent, CHECKS).digest
    write_calibration(path, replace(FOUND, dataset="mnist"), None)
    assert load_exercise(path.parent, CHECKS).digest == before


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ("[calibration.mnst]\nseeds = 3\n", 'calibration.mnst: no such key; the closest is "mnist"'),
        ("[calibration.mnist]\nseed = 3\n", 'calibration.mnist.seed: no such key; the closest is "seeds"'),
        ("[calibration.mnist]\nband = [[0.2, 0.1]]\n", "calibration.mnist.band: [0.2, 0.1] is not a pair of numbers"),
        ("[calibration.mnist]\nband = [0.2]\n", "calibration.mnist.band: 0.2 is not a pair of numbers"),
        ("[calibration]\nvariants = 3\n", "calibration.variants: 3 is not a list of names"),
    ],
)
def test_a_calibration_that_is_not_well_formed_is_told(tmp_path: Path, more: str, problem: str) -> None:
    """File, key, value and choices, as everywhere in exercise.toml."""
    with pytest.raises(ExerciseError, match=r"exercise\.toml: ") as raised:
        load_exercise(write(tmp_path, more).parent, CHECKS)
    assert problem in str(raised.value)


@pytest.mark.parametrize(
    ("declared", "named", "expected"),
    [
        (None, (), {"reference", "batch-half", "hidden-double"}),
        ((), (), {"reference"}),
        (("batch-half",), (), {"reference", "batch-half"}),
        ((), ("hidden-double",), {"reference", "hidden-double"}),
    ],
)
def test_variants_are_those_that_were_named(
    declared: tuple[str, ...] | None, named: tuple[str, ...], expected: set[str]
) -> None:
    """On the command line, in the exercise, or all that apply."""
    found = variants(make_exercise(variants=declared), Program.parse(REFERENCE), named)
    assert expected <= {name for name, _ in found}
    assert declared is None or len(found) == len(expected)


def test_a_variant_that_nobody_offers_is_told() -> None:
    """With the closest one."""
    with pytest.raises(ExerciseError, match='no variant "batch-halve"; the closest is "batch-half"'):
        variants(make_exercise(variants=("batch-halve",)), Program.parse(REFERENCE))


def test_the_command_calibrates_an_exercise_of_ones_own(tmp_path: Path) -> None:
    """Two seeds of two programs; the same bytes each time, and what is written can be read."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    (folder / "exercise.toml").write_text(TOML.replace("CHECKS", '["@run", "@order"]'))
    (folder / "reference.py").write_text(REFERENCE)
    command = [GRADE, "calibrate", folder, "--seeds", "2", "--variant", "batch-double", "--quiet", "--write"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    texts = []
    for _ in range(2):
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, env=environment)
        assert done.returncode == 0, done.stderr
        texts.append((done.stdout, (folder / "exercise.toml").read_text()))
    assert texts[0] == texts[1]
    band = load_exercise(folder, CHECKS).band["own"]
    assert len(band) == 4
    assert band[0][0] > band[-1][0]


def test_shipped_exercises_were_calibrated() -> None:
    """Each has a band for what it was measured on, as long as its reference trains; thresholds are below the bound."""
    for path in sorted((ROOT / "exercises").glob("*/exercise.toml")):
        exercise = load_exercise(path.parent, CHECKS)
        measured = tomllib.loads(path.read_text())["calibration"]
        assert exercise.band
        for name, threshold in exercise.threshold.items():
            assert name not in measured or threshold <= measured[name]["accuracy"]
