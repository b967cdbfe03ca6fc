"""`grade calibrate EXERCISE`: runs, a table, a proposal, and what is written into exercise.toml."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

from ..errors import ExerciseError, UsageError
from ..model import Exercise
from .calibrating import METHOD, Calibration, Population, calibrate, variants
from .provenance import write_calibration
from .workbench import Counter, set_up


def run_calibration(
    exercise: str,
    *,
    seeds: int,
    named: tuple[str, ...],
    write: bool,
    date: str | None,
    form: str,
    quiet: bool,
    **setting: Any,
) -> bool:
    """Calibrate, print, write if asked. Returns whether no correct run lost points."""
    if date is not None and not re.fullmatch(r"\d{4}-\d\d-\d\d", date):
        raise UsageError(f"--date: {date!r} is not a date such as 2026-01-31")
    desk = set_up(exercise, **setting)
    programs = variants(desk.exercise, desk.program, named)
    found = calibrate(desk.bench, programs, seeds, Counter(desk.exercise.id, quiet))
    sys.stdout.write(as_json(found) if form == "json" else as_text(found, desk.exercise))
    if write:
        path = desk.exercise.directory / "exercise.toml"
        refuse_below_zero_at(found, desk.exercise)
        write_calibration(path, found, date)
        sys.stderr.write(f"written: {path}\n")
    return not found.alarms


def refuse_below_zero_at(found: Calibration, exercise: Exercise) -> None:
    """Raises ExerciseError where the threshold would come to lie below the accuracy that earns nothing."""
    for line in exercise.rubric:
        zero = line.settings.get("zero_at")
        share = zero.get(found.dataset) if isinstance(zero, dict) else None
        if share is not None and found.accuracy is not None and found.accuracy <= share:
            raise ExerciseError(
                f"{exercise.directory}/exercise.toml: rubric.{line.id}.settings.zero_at.{found.dataset}: {share:g} is "
                f"not below the accuracy that correct runs reach, {found.accuracy:g}; nothing was written"
            )


def as_text(found: Calibration, exercise: Exercise) -> str:
    """A row for each program, what is proposed, and what that rests on."""
    head = f"{exercise.id} on {_data(found)}: {len(found.populations)} programs, {found.seeds} seeds each\n\n"
    return head + _table(found) + "\n" + _proposal(found, exercise.threshold.get(found.dataset)) + _alarms(found)


def as_json(found: Calibration) -> str:
    """The same for machines."""
    record = {
        "dataset": found.dataset,
        "accuracy": found.accuracy,
        "loss": found.loss,
        "seeds": found.seeds,
        "runs": found.runs,
        "torch": found.torch,
        "method": METHOD,
        "unproven": round(found.unproven, 4),
        "band": found.band,
        "programs": [_record(population) for population in found.populations],
        "alarms": [{"program": name, "seed": seed, "check": check} for name, seed, check in found.alarms],
    }
    return json.dumps(record, indent=1) + "\n"


def _record(population: Population) -> dict[str, object]:
    return {
        "name": population.name,
        "accuracies": population.accuracies,
        "accuracy_bound": round(population.lowest_accuracy, 5) if population.accuracies else None,
        "losses": population.last_losses,
        "loss_bound": float(f"{population.highest_loss:.5g}"),
    }


def _data(found: Calibration) -> str:
    return "the submission's own data" if found.dataset == "own" else found.dataset


def _table(found: Calibration) -> str:
    width = max(len(population.name) for population in found.populations)
    lines = [f"{'':{width}}  {'accuracy':>8}  {'bound':>6}    {'last loss':>9}  {'bound':>6}"]
    for item in found.populations:
        known = (min(item.accuracies), item.lowest_accuracy) if item.accuracies else None
        accuracy = "{:8.4f}  {:6.4f}".format(*known) if known else f"{'–':>8}  {'–':>6}"
        lines.append(f"{item.name:{width}}  {accuracy}    {max(item.last_losses):9.4f}  {item.highest_loss:6.4f}")
    return "\n".join(lines) + "\n(the lowest accuracy and the highest loss of any run, and their tolerance bounds)\n"


def _proposal(found: Calibration, current: float | None) -> str:
    lines = []
    if found.accuracy is not None:
        lines.append(f"threshold proposed: {found.accuracy:g} (in exercise.toml: {current:g})")
    lines += [
        f"loss proposed: at most {found.loss:g} in the last epoch",
        "Below 1 in 1000 correct runs fail these, with 95 % confidence, if runs of one program are normal on the",
        "logit scale (accuracy) and the logarithmic scale (loss). Without any such assumption, "
        f"{found.seeds} runs of a program",
        f"prove only that at most {found.unproven:.1%} of its runs lie beyond the worst one above.",
    ]
    return "\n".join(lines) + "\n"


def _alarms(found: Calibration) -> str:
    lines = [f"a correct run lost points: {name}, seed {seed}: {check}\n" for name, seed, check in found.alarms]
    return "".join(["\n", *lines]) if lines else ""
