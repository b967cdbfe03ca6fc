"""`grade verify EXERCISE`: a table of mutants, a score, and the survivors with what was changed."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

from .operators import difference
from .verifying import Judged, State, Verification, verify
from .workbench import Counter, set_up

HEADS = ("", "what was changed", "line", "points", "first finding")
#: failures last, where they are seen
ORDER = (
    State.CAUGHT,
    State.FINE,
    State.EQUIVALENT,
    State.NOTED,
    State.NOT_COVERED,
    State.FALSE_ALARM,
    State.MISNAMED,
    State.SURVIVED,
)
COLOURS = {State.CAUGHT: "green", State.FINE: "green", State.FALSE_ALARM: "red", State.MISNAMED: "red",
           State.SURVIVED: "red"}  # fmt: skip


def run_verification(exercise: str, *, form: str, quiet: bool, **setting: Any) -> bool:
    """Verify and print. Returns whether the exercise is clean."""
    desk = set_up(exercise, **setting)
    found = verify(desk.bench, desk.program, Counter(desk.exercise.id, quiet))
    if form == "json":
        sys.stdout.write(as_json(found))
    else:
        show(found)
    return found.clean


def show(found: Verification) -> None:
    """On a terminal a table with colours, elsewhere plain lines."""
    if sys.stdout.isatty():
        from rich.console import Console

        Console().print(_rich_table(found))
    else:
        sys.stdout.write(plain_table(found))
    sys.stdout.write(summary(found))


def plain_table(found: Verification) -> str:
    """One line for each mutant, in columns."""
    rows = [HEADS, *(_row(item) for item in _ordered(found))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS))]
    lines = ["  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "".join(f"{line.rstrip()}\n" for line in lines) if found.judged else ""


def summary(found: Verification) -> str:
    """The counts, the verdict, and for each failure what was changed and what was read about it."""
    if not found.reference_is_fine:
        said = ", ".join(finding.check for finding in found.reference.findings) or "nothing"
        score = "–" if found.reference.score is None else f"{found.reference.score:g}"
        return f"the reference earns {score} of {found.reference.max_score:g}; said of it: {said}\n"
    caught, failed = found.count(State.CAUGHT), found.count(State.SURVIVED, State.MISNAMED)
    others = [f"{count} {state}" for state in ORDER[2:5] if (count := found.count(state))]
    correct = found.count(State.FINE, State.FALSE_ALARM)
    lines = [
        f"\n{found.exercise.id} on {found.reference.run.dataset or 'its own data'}: the reference earns everything",
        f"mutants caught: {caught} of {caught + failed}" + (f" ({', '.join(others)})" if others else ""),
        f"correct variants that earn everything: {found.count(State.FINE)} of {correct}",
    ]
    return "".join(f"{line}\n" for line in lines) + "".join(_failure(found, item) for item in found.failures)


def as_json(found: Verification) -> str:
    """The same for machines."""
    record = {
        "exercise": found.exercise.id,
        "dataset": found.reference.run.dataset,
        "clean": found.clean,
        "reference": {
            "score": found.reference.score,
            "max_score": found.reference.max_score,
            "findings": [finding.check for finding in found.reference.findings],
        },
        "counts": {state: found.count(state) for state in State},
        "mutants": [_record(found, item) for item in found.judged],
    }
    return json.dumps(record, indent=1) + "\n"


def _record(found: Verification, item: Judged) -> dict[str, object]:
    return {
        "name": item.mutant.name,
        "does": item.mutant.operator.does,
        "line": item.mutant.line,
        "state": item.state,
        "expected": item.mutant.operator.slugs,
        "findings": item.findings,
        "score": item.result.score,
        "diff": difference(found.shown, item.mutant.source),
    }


def _ordered(found: Verification) -> Sequence[Judged]:
    return sorted(found.judged, key=lambda item: ORDER.index(item.state))


def _row(item: Judged) -> tuple[str, ...]:
    result = item.result
    score = "–" if result.score is None else f"{result.score:g}"
    points = f"{score} / {result.max_score:g}"
    first = item.findings[0] if item.findings else ""
    return item.state.value, item.mutant.operator.does, str(item.mutant.line), points, first


def _rich_table(found: Verification) -> Any:
    from rich.table import Table

    table = Table(*HEADS, box=None, pad_edge=False)
    for item in _ordered(found):
        state, *cells = _row(item)
        table.add_row(f"[{COLOURS.get(item.state, 'dim')}]{state}[/]", *cells)
    return table


def _failure(found: Verification, item: Judged) -> str:
    expected = " or ".join(item.mutant.operator.slugs) or "nothing"
    said = ", ".join(item.findings) or "nothing"
    head = f"\n{item.state}: {item.mutant.name} ({item.mutant.operator.does})\nexpected: {expected}\nsaid: {said}\n"
    return head + difference(found.shown, item.mutant.source)
