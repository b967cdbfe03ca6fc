"""Points, causes and consequences."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks import Outcome, run_check
from grader.grading import grade, judge, link_causes
from grader.model import (
    Basis,
    Blame,
    Check,
    Evaluation,
    Finding,
    RubricLine,
    Run,
    RunStatus,
    Severity,
    Sign,
    Status,
)
from grader.trace import Trace

from .builders import make_check, make_evidence, make_exercise, make_line

COMPLETED = Run(RunStatus.COMPLETED, trace=Trace(complete=True, steps=3))
CRASHED = Run(RunStatus.CRASHED, Blame.STUDENT)


def outcome(check: Check, *findings: Finding, decided: bool = True, broken: str | None = None) -> Outcome:
    return Outcome(check, findings, decided, broken)


def finding(slug: str, severity: Severity = Severity.ERROR, **measured: float) -> Finding:
    return Finding(slug, severity, measured=measured)


def status_and_score(line: RubricLine, *outcomes: Outcome, run: Run = COMPLETED) -> tuple[Status, float | None]:
    verdict = judge(line, {item.check.id: item for item in outcomes}, run)
    return verdict.status, verdict.score


def test_a_line_without_findings_keeps_its_points() -> None:
    """All checks decided and nothing was found."""
    assert status_and_score(make_line("order", 3, "a"), outcome(make_check("a"))) == (Status.PASSED, 3)


def test_an_error_loses_the_line_and_a_second_one_nothing_more() -> None:
    """Within a line the dearest finding counts."""
    said = (outcome(make_check("a"), finding("a")), outcome(make_check("b"), finding("b")))
    assert status_and_score(make_line("order", 3, "a", "b"), *said) == (Status.FAILED, 0)


def test_an_error_may_leave_a_share() -> None:
    """Accuracy is scored by its number: the check says which share is earned."""
    said = outcome(make_check("a"), finding("a", earned=0.4))
    assert status_and_score(make_line("accuracy", 5, "a"), said) == (Status.PARTIAL, 2)


@pytest.mark.parametrize(("share", "score"), [(0.0, 4.0), (0.5, 2.0)])
def test_a_warning_loses_the_share_that_the_line_names(share: float, score: float) -> None:
    """0 unless the exercise sets it."""
    line = make_line("order", 4, "a", warning=share)
    assert status_and_score(line, outcome(make_check("a"), finding("a", Severity.WARNING)))[1] == score


def test_a_note_costs_nothing() -> None:
    """Whatever the line's settings."""
    line = make_line("order", 4, "a", warning=1.0)
    assert status_and_score(line, outcome(make_check("a"), finding("a", Severity.NOTE))) == (Status.PASSED, 4)


def test_a_run_that_ended_early_is_the_student_s() -> None:
    """No check of the line can decide and the student is to blame: skipped with 0."""
    said = outcome(make_check("a"), decided=False)
    assert status_and_score(make_line("order", 3, "a"), said, run=CRASHED) == (Status.SKIPPED, 0)


def test_a_run_that_trained_nothing_earns_nothing_for_its_order() -> None:
    """The script came to its end and no training loop was seen."""
    said = outcome(make_check("a"), decided=False)
    idle = replace(COMPLETED, trace=Trace(complete=True))
    assert status_and_score(make_line("order", 3, "a"), said, run=idle) == (Status.SKIPPED, 0)


def test_a_line_that_nobody_can_decide_asks_for_review() -> None:
    """Without a fault of the student's the score is open, and so is the total."""
    line = make_line("order", 3, "a")
    verdict = judge(line, {"a": outcome(make_check("a"), decided=False)}, Run(RunStatus.COMPLETED))
    assert (verdict.status, verdict.score, verdict.needs_review) == (Status.SKIPPED, None, True)
    assert grade(make_exercise([line]), (verdict,)).score is None


def test_an_open_accuracy_says_what_was_missing() -> None:
    """Why the model could not be evaluated, for the student and for whoever reviews."""
    said = {"a": outcome(make_check("a", needs=("evaluation",)), decided=False)}
    unknown = Evaluation("digits", 10, 0.9, reason="preprocessing-unknown")
    verdict = judge(make_line("accuracy", 3, "a"), said, COMPLETED, unknown)
    assert (verdict.score, verdict.reason) == (None, "preprocessing-unknown")


def test_a_broken_check_is_our_fault_and_costs_nothing() -> None:
    """The line keeps its points, says `error`, and asks for review."""
    broken = run_check(make_check("a", function=lambda evidence: 1 / 0), make_evidence())
    verdict = judge(make_line("order", 3, "a", "b"), {"a": broken, "b": outcome(make_check("b"))}, COMPLETED)
    assert (verdict.status, verdict.score, verdict.needs_review) == (Status.ERROR, 3, True)
    assert "ZeroDivisionError" in verdict.reason


def test_a_failure_of_the_grader_scores_nothing_as_zero() -> None:
    """Every line is an error without a score."""
    run = Run(RunStatus.SANDBOX_FAILED, Blame.GRADER)
    assert status_and_score(make_line("order", 3, "a"), outcome(make_check("a")), run=run) == (
        Status.ERROR,
        None,
    )


def test_a_verdict_rests_on_its_weakest_basis() -> None:
    """Claimed beside recomputed is claimed."""
    said = {"a": outcome(make_check("a")), "b": outcome(make_check("b", basis=Basis.RECOMPUTED))}
    assert judge(make_line("x", 1, "a", "b"), said, COMPLETED).basis is Basis.CLAIMED
    assert judge(make_line("x", 1, "b"), said, COMPLETED).basis is Basis.RECOMPUTED


def causes(*checks: Check) -> dict[str, str | None]:
    catalogue = {check.id: check for check in checks}
    return {item.check: item.consequence_of for item in link_causes(map(finding, catalogue), catalogue)}


def test_a_consequence_names_its_root_cause() -> None:
    """Along a chain the root is named, not the link before."""
    chain = (
        make_check("root", explains=("middle",)),
        make_check("middle", explains=("end",)),
        make_check("end"),
    )
    assert causes(*chain) == {"root": None, "middle": "root", "end": "root"}


def test_checks_that_explain_each_other_do_not_loop() -> None:
    """A circle in the catalogue ends, whoever wrote it."""
    assert causes(make_check("a", explains=("b",)), make_check("b", explains=("a",))).keys() == {"a", "b"}


def test_a_note_explains_nothing() -> None:
    """Only errors and warnings are causes."""
    catalogue = {"a": make_check("a", explains=("b",)), "b": make_check("b")}
    linked = link_causes([finding("a", Severity.NOTE), finding("b")], catalogue)
    assert [item.consequence_of for item in linked] == [None, None]


def test_passed_is_a_share_of_the_maximum() -> None:
    """0.6 unless the exercise says otherwise."""
    line = make_line("order", 10, "a")
    half = judge(line, {"a": outcome(make_check("a"), finding("a", earned=0.6))}, COMPLETED)
    assert grade(make_exercise([line]), (half,)).passed
    assert not grade(make_exercise([line], pass_mark=0.7), (half,)).passed


def test_a_check_without_its_evidence_is_not_run() -> None:
    """A run without training decides nothing about the order; the recording itself is there."""
    idle = make_evidence(trace=Trace(complete=True))
    assert not run_check(make_check("a", Sign()), idle).decided
    assert run_check(make_check("a", Sign(), needs=("recording",)), idle).findings


def test_a_recorder_that_broke_decides_nothing() -> None:
    """What it did not see may have been there."""
    broken = make_evidence(trace=Trace(complete=True, steps=10, problem="ledger: KeyError"))
    assert not run_check(make_check("a", Sign()), broken).decided


def test_a_missing_evaluation_is_not_made_up_for() -> None:
    """Accuracy is not earned by another check of its line that found nothing; what that one found still costs."""
    asks = outcome(make_check("a", needs=("evaluation",)), decided=False)
    line = make_line("accuracy", 3, "a", "b")
    assert status_and_score(line, asks, outcome(make_check("b"))) == (Status.SKIPPED, None)
    assert status_and_score(line, asks, outcome(make_check("b"), finding("b"))) == (Status.FAILED, 0)
    assert status_and_score(line, asks, outcome(make_check("b")), run=CRASHED) == (Status.SKIPPED, 0)


def test_a_quick_run_passes_by_what_it_judged() -> None:
    """What it does not show is skipped without review; there is no total, and the rest decides."""
    quick = replace(COMPLETED, quick=True)
    order, accuracy = make_line("order", 3, "a"), make_line("accuracy", 5, "b")
    asks = {"b": outcome(make_check("b", needs=("evaluation",)), decided=False)}
    skipped = judge(accuracy, asks, quick)
    assert (skipped.status, skipped.score, skipped.needs_review, skipped.reason) == (
        Status.SKIPPED,
        None,
        False,
        "quick",
    )
    for found, passed in (((), True), ((finding("a"),), False)):
        verdict = judge(order, {"a": outcome(make_check("a"), *found)}, quick)
        result = grade(make_exercise([order, accuracy]), (verdict, skipped))
        assert (result.score, result.max_score, result.passed) == (None, 8, passed)
    assert not grade(make_exercise([accuracy]), (skipped,)).passed


def test_a_reason_that_only_looks_like_a_quick_runs_leaves_no_line_out() -> None:
    """A line that waits for a person counts, so that nobody passes without it."""
    order, accuracy = make_line("order", 6, "a"), make_line("accuracy", 2, "b")
    asks = {"b": outcome(make_check("b", needs=("evaluation",)), decided=False)}
    forged = judge(accuracy, asks, COMPLETED, Evaluation("digits", 10, 0.9, reason="quick"))
    clean = judge(order, {"a": outcome(make_check("a"))}, COMPLETED)
    assert (forged.needs_review, forged.reason) == (True, "quick")
    assert not grade(make_exercise([order, accuracy]), (clean, forged)).passed
