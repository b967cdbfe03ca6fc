"""Wrong programs as learners write them: the right mistake leads, and it points at the line marked `# <- check`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from grader import Crash, RunStatus

from .evidence import CHECKS, evidence_of, findings, say, trace_evidence

CORPUS = sorted((Path(__file__).resolve().parent / "corpus").glob("*.py"))
MARK = re.compile(r"# <- ([a-z-]+)$")


def marks(path: Path) -> list[tuple[str, int]]:
    """Which check is to speak of which line."""
    lines = enumerate(path.read_text(encoding="utf-8").split("\n"), 1)
    return [(match[1], number) for number, line in lines if (match := MARK.search(line))]


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_the_mistake_is_named_at_its_line(path: Path) -> None:
    """One root cause, on the marked line; whatever else is said follows from it."""
    found = say(evidence_of(path))
    first = [finding for finding in found if finding.consequence_of is None]
    assert [(item.check, item.where.line if item.where else None) for item in first] == marks(path)


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_a_program_has_one_mark_of_a_check_that_exists(path: Path) -> None:
    """A misspelt mark would ask for something that nobody can say."""
    assert [check for check, _ in marks(path) if check in CHECKS] == [check for check, _ in marks(path)]
    assert len(marks(path)) == 1


@pytest.mark.parametrize("message", ["'float' object", "'numpy.float32' object", "'numpy.ndarray' object"])
def test_a_number_sent_backward_explains_the_crash(message: str) -> None:
    """The exception is what the lost graph leads to, and no cause of its own."""
    crash = Crash("AttributeError", f"{message} has no attribute 'backward'")
    evidence = trace_evidence(RunStatus.CRASHED, crash)
    named = {finding.check: finding.consequence_of for finding in findings(evidence, CHECKS)}
    assert named == {"graph-detached": None, "crashed": "graph-detached"}


def test_a_sum_of_nothing_sent_backward_is_a_crash_alone() -> None:
    """`loss = 0` before a loop without any turn never had a graph to lose."""
    crash = Crash("AttributeError", "'int' object has no attribute 'backward'")
    found = findings(trace_evidence(RunStatus.CRASHED, crash), CHECKS)
    assert [finding.check for finding in found] == ["crashed"]
