"""What the trusted side's own computation makes of verdicts that rest on the trace."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks import Outcome, run_check
from grader.grading import judge, rest_on_replay
from grader.model import Basis, Check, Evidence, Finding, Replay, Severity, Status, Verdict
from grader.trace import Trace

from .builders import make_check, make_evidence, make_line

RUN = make_evidence().run
LINE = make_line("order", 4.0, "wiped")
EQUAL = Replay(equal=True, steps=35, bitwise=True)
DENIED = Replay(matches=("wiped",), contradiction="wiped")


def verdict_of(evidence: Evidence, *findings: Finding, check: Check | None = None) -> Verdict:
    outcomes = {"wiped": Outcome(check or make_check("wiped"), findings)}
    return rest_on_replay(judge(LINE, outcomes, evidence.run), outcomes, evidence)


def test_equal_weights_and_no_finding_are_a_proof() -> None:
    """The points stay what they were; what they rest on is stronger."""
    verdict = verdict_of(make_evidence(replay=EQUAL))
    assert (verdict.status, verdict.score, verdict.basis) == (Status.PASSED, 4.0, Basis.RECOMPUTED)


@pytest.mark.parametrize("replay", [None, Replay(reason="a-script"), replace(EQUAL, equal=False)])
def test_anything_less_leaves_it_claimed(replay: Replay | None) -> None:
    """Undecided is no proof, and neither is a difference."""
    assert verdict_of(make_evidence(replay=replay)).basis is Basis.CLAIMED


def test_a_finding_is_not_outvoted_by_equal_weights() -> None:
    """A probe call is short: what was seen in the whole run still counts."""
    verdict = verdict_of(make_evidence(replay=EQUAL), Finding("wiped", Severity.ERROR))
    assert (verdict.status, verdict.basis) == (Status.FAILED, Basis.CLAIMED)


def test_a_mistake_that_the_weights_name_too_is_recomputed() -> None:
    """Trace and weights agree on what went wrong."""
    replay = Replay(equal=False, matches=("wiped",))
    verdict = verdict_of(make_evidence(replay=replay), Finding("wiped", Severity.ERROR))
    assert (verdict.status, verdict.basis) == (Status.FAILED, Basis.RECOMPUTED)


def test_checks_that_weights_say_nothing_about_stay_claimed() -> None:
    """How an evaluation was done does not show in the weights."""
    check = make_check("wiped", group="evaluation")
    assert verdict_of(make_evidence(replay=EQUAL), check=check).basis is Basis.CLAIMED


@pytest.mark.parametrize(
    "evidence",
    [make_evidence(replay=DENIED), make_evidence(trace=Trace(complete=True, steps=10, unhooked=True))],
    ids=["weights", "hooks"],
)
def test_a_contradicted_trace_earns_nothing_and_asks_for_review(evidence: Evidence) -> None:
    """The line would have passed; nobody is accused of anything."""
    verdict = verdict_of(evidence)
    assert (verdict.status, verdict.score, verdict.needs_review) == (Status.SKIPPED, None, True)
    assert verdict.reason == "trace-contradicted"


@pytest.mark.parametrize("proved", [True, False])
def test_a_check_may_have_better_evidence_than_its_kind(proved: bool) -> None:
    """What was computed again does not depend on the trace: not even on one that is contradicted."""
    check = replace(make_check("wiped"), proof=lambda evidence: proved)
    outcomes = {"wiped": run_check(check, make_evidence(replay=DENIED))}
    verdict = rest_on_replay(judge(LINE, outcomes, RUN), outcomes, make_evidence(replay=DENIED))
    expected = (Basis.RECOMPUTED, Status.PASSED) if proved else (Basis.CLAIMED, Status.SKIPPED)
    assert (verdict.basis, verdict.status) == expected


def test_what_was_measured_from_outside_does_not_depend_on_the_trace() -> None:
    """Lines that rest on anything better stay."""
    check = make_check("wiped", basis=Basis.MEASURED)
    assert verdict_of(make_evidence(replay=DENIED), check=check).status is Status.PASSED


def test_a_recorder_that_broke_contradicts_nothing() -> None:
    """It may have lost its hooks by its own fault."""
    trace = Trace(complete=True, steps=10, unhooked=True, problem="steps: KeyError")
    assert verdict_of(make_evidence(trace=trace, replay=DENIED)).status is Status.PASSED


@pytest.mark.parametrize(
    ("findings", "basis"),
    [((), Basis.RECOMPUTED), ((Finding("seen", Severity.NOTE),), Basis.RECOMPUTED),
     ((Finding("seen", Severity.ERROR),), Basis.CLAIMED)],
)  # fmt: skip
def test_a_line_that_an_evaluation_scores_rests_on_it(findings: tuple[Finding, ...], basis: Basis) -> None:
    """Unless something else takes points from it: then on the weaker of both."""
    scoring = make_check("low", needs=("evaluation",), basis=Basis.RECOMPUTED)
    outcomes = {"low": Outcome(scoring), "seen": Outcome(make_check("seen"), findings)}
    assert judge(make_line("accuracy", 3.0, "low", "seen"), outcomes, RUN).basis is basis
