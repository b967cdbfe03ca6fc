"""Every bad program leads with its own check; every good one, however unusual, is left in peace."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.model import Finding, Severity
from grader.words import describe

from .evidence import CHECKS, evidence_of, findings, roots, say

ROOT = Path(__file__).resolve().parent.parent
PLACES = (ROOT / "plugins" / "examples", ROOT / "tests" / "examples")


def programs(kind: str) -> list[Path]:
    return sorted(path for place in PLACES for path in place.glob(f"*/{kind}*.py"))


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@pytest.mark.parametrize("path", programs("good"), ids=name)
def test_a_good_program_is_left_in_peace(path: Path) -> None:
    """No check of any kind raises an error or a warning on a correct program."""
    evidence = evidence_of(path)
    assert [(finding.check, finding.where) for finding in say(evidence)] == []
    assert path.parent.name not in {finding.check for finding in findings(evidence, CHECKS)} or _mild(path)


@pytest.mark.parametrize("path", programs("bad"), ids=name)
def test_a_bad_program_leads_with_its_own_check(path: Path) -> None:
    """The check of that name is the only root cause; whatever else is found follows from it."""
    evidence = evidence_of(path)
    slug = path.parent.name
    assert_reads_well(findings(evidence, CHECKS))
    if CHECKS[slug].severity is Severity.NOTE:
        assert slug in {finding.check for finding in findings(evidence, CHECKS)}
        assert say(evidence) == ()
    else:
        assert roots(say(evidence)) == [slug]


@pytest.mark.parametrize("slug", sorted(CHECKS))
def test_a_check_has_examples(slug: str) -> None:
    """A short bad and good one for its page, and at least two unusual good ones for the tests."""
    names = {path.name for path in (PLACES[0] / slug).iterdir() if path.is_file()}
    assert names == {"bad.py", "good.py"}
    assert len(list((PLACES[1] / slug).glob("good_*.py"))) >= 2


def test_no_examples_without_a_check() -> None:
    """A folder of examples that belongs to no check would never be looked at."""
    folders = {path.name for place in PLACES for path in place.iterdir() if path.is_dir()}
    assert folders <= set(CHECKS)


def assert_reads_well(found: tuple[Finding, ...]) -> None:
    """Every message has all of its numbers: it neither falls back to the title nor shows a None."""
    for finding in found:
        check = CHECKS[finding.check]
        message = describe(finding, check, lambda text: text)
        assert message != check.title and "None" not in message, message


def _mild(path: Path) -> bool:
    """A note about an unusual program is allowed: swapped squares, accuracy on the training data."""
    notes = {finding.severity for finding in findings(evidence_of(path), CHECKS)}
    return notes == {Severity.NOTE}
