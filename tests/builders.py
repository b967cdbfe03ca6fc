"""Small evidence for tests of what stands above the worker."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from grader.model import (
    Basis,
    Check,
    Evidence,
    Exercise,
    Limits,
    RubricLine,
    Run,
    RunStatus,
    Severity,
    Sign,
    Submission,
    SubmissionKind,
)
from grader.trace import Trace

SOURCE = "import torch\nfor x in data:\n    loss = f(x)\n    loss.backward()\n    optimizer.step()\n"


def make_check(slug: str, *signs: Sign, **changes: object) -> Check:
    """A check that says what it is told to say."""
    check = Check(
        id=slug,
        group="order",
        severity=Severity.ERROR,
        title=slug,
        message="{count} of {of} at {line}",
        why="",
        function=lambda evidence: signs,
        basis=Basis.CLAIMED,
    )
    return replace(check, **changes)  # type: ignore[arg-type]


def make_line(name: str, points: float, *checks: str, **changes: object) -> RubricLine:
    return replace(RubricLine(name, points, checks, {"en": name}), **changes)  # type: ignore[arg-type]


def make_exercise(lines: Iterable[RubricLine] = (), **changes: object) -> Exercise:
    exercise = Exercise("demo", "1", {"en": "Demo"}, Path(), "digest", tuple(lines), Limits())
    return replace(exercise, **changes)  # type: ignore[arg-type]


def make_submission(source: str = SOURCE) -> Submission:
    return Submission(Path("a.py"), "a.py", source, "0" * 64, SubmissionKind.SCRIPT)


def make_evidence(**changes: object) -> Evidence:
    """A run that completed and trained, unless told otherwise."""
    evidence = Evidence(make_submission(), make_exercise(), Run(RunStatus.COMPLETED), Trace(complete=True, steps=10))
    return replace(evidence, **changes)  # type: ignore[arg-type]
