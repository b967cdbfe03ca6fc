"""Outcomes of checks + rubric -> verdicts and a grade; causes and consequences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from .checks import Outcome
from .model import (
    Basis,
    Blame,
    Check,
    Evaluation,
    Evidence,
    Exercise,
    Finding,
    Grade,
    RubricLine,
    Run,
    Severity,
    Status,
    Verdict,
)

#: from the weakest evidence to the strongest: a verdict rests on its weakest part
STRENGTH = (Basis.CLAIMED, Basis.MEASURED, Basis.RECOMPUTED)
#: what a test of an exercise's own rests on, by the fixtures that it asks for
TEST_BASES = {"trace": Basis.CLAIMED, "run": Basis.MEASURED, "evaluation": Basis.RECOMPUTED}
#: groups of checks whose mistakes change the weights of a probe call
PROVED_BY_UPDATES = frozenset(("order", "wiring", "scaling", "scheduler"))
#: why a line was not judged in a quick run
QUICK = "quick"
#: an accuracy before training that no random weights have, and a gain in it that is none
KNOWN, NO_GAIN = 0.5, 0.02
#: why a line earns nothing whatever was found for it
GATE = "gate-closed"
SEVERE = (Severity.ERROR, Severity.WARNING)


def link_causes(findings: Iterable[Finding], checks: Mapping[str, Check]) -> tuple[Finding, ...]:
    """Mark each finding that follows from another one with the slug of its root cause.

    Only errors and warnings explain, and only upwards: two checks that explain each other stay apart.
    """
    found = tuple(findings)
    severe = {finding.check for finding in found if finding.severity in SEVERE}
    parents = {slug: _cause(slug, severe, checks) for slug in severe | {finding.check for finding in found}}
    return tuple(replace(finding, consequence_of=_root(finding.check, parents)) for finding in found)


def _cause(slug: str, severe: set[str], checks: Mapping[str, Check]) -> str | None:
    causes = (cause for cause in sorted(severe) if cause != slug and slug in checks[cause].explains)
    return next(causes, None)


def _root(slug: str, parents: Mapping[str, str | None]) -> str | None:
    seen, cause = {slug}, parents[slug]
    while cause is not None and (above := parents[cause]) is not None and above not in seen:
        seen.add(cause)
        cause = above
    return cause


def judge(line: RubricLine, outcomes: Mapping[str, Outcome], run: Run, evaluation: Evaluation | None = None) -> Verdict:
    """The verdict of one rubric line from what its checks said.

    Where none of them can decide, the line is skipped: 0 if the student is to blame (the run ended early, or
    it came to its end and nothing was trained), else without a score.
    """
    said = [outcomes[slug] for slug in line.checks]
    findings = tuple(finding for outcome in said for finding in outcome.findings)
    broken = [outcome.broken for outcome in said if outcome.broken]
    verdict = Verdict(
        line=line.id,
        status=Status.PASSED,
        score=line.points,
        max_score=line.points,
        basis=_basis(said),
        checks=line.checks,
        findings=tuple(replace(finding, verdict=line.id) for finding in findings),
    )
    if run.blame is Blame.GRADER:
        return replace(verdict, status=Status.ERROR, score=None, needs_review=True, reason="grader-failed")
    if not any(outcome.decided for outcome in said):
        return _undecided(verdict, broken, run, _missing(said, evaluation))
    lost = lost_share(line, findings)
    if not lost and _waits_for_evaluation(said):
        return _undecided(verdict, broken, run, _missing(said, evaluation))
    score = round(line.points * (1 - lost), 4)
    verdict = replace(verdict, score=score, status=_status(score, line.points))
    if broken:
        return replace(verdict, status=Status.ERROR, needs_review=True, reason="; ".join(broken))
    return verdict


def rest_on_replay(verdict: Verdict, outcomes: Mapping[str, Outcome], evidence: Evidence) -> Verdict:
    """What the trusted side's own computation makes of a verdict that rests on the trace alone.

    A trace that is contradicted earns nothing and costs nothing: somebody has to look. Where the updates were
    computed again and are right, and nothing was found, the verdict rests on that.
    """
    if verdict.basis is not Basis.CLAIMED:
        return verdict
    if evidence.contradiction and verdict.score:
        return replace(verdict, status=Status.SKIPPED, score=None, needs_review=True, reason="trace-contradicted")
    replayed = evidence.replay
    said = [outcomes[slug] for slug in verdict.checks]
    claimed = {outcome.check.group for outcome in said if outcome.decided and outcome.basis is Basis.CLAIMED}
    if replayed is None or not claimed <= PROVED_BY_UPDATES:
        return verdict
    proved = replayed.equal is True and not verdict.findings
    named = {finding.check for finding in verdict.findings} & set(replayed.matches)
    return replace(verdict, basis=Basis.RECOMPUTED) if proved or named else verdict


def close(verdict: Verdict) -> Verdict:
    """The verdict of a line once a gate has lost its points: nothing is earned; a failure of ours stays one."""
    if verdict.status is Status.ERROR:
        return verdict
    status = Status.SKIPPED if verdict.score is None or verdict.score else verdict.status
    return replace(verdict, status=status, score=0.0, needs_review=False, reason=GATE)


def doubt_answers(verdict: Verdict, outcomes: Mapping[str, Outcome], evidence: Evidence) -> Verdict:
    """Somebody has to look where answers are not those of what was trained. It costs nothing."""
    asked = any("evaluation" in outcomes[slug].check.needs for slug in verdict.checks)
    reason = _doubt(evidence) if asked else ""
    return replace(verdict, needs_review=True, reason=verdict.reason or reason) if reason else verdict


def _doubt(evidence: Evidence) -> str:
    """The trained weights answer otherwise in a model built anew, or that answers as well without them; else empty.

    Where models were trained one after another, the fresh jail has built the first one: then nothing is said.
    """
    found, trace = evidence.evaluation, evidence.trace
    if found is None or trace is None or trace.models > 1:
        return ""
    if found.rebuilt is False:
        return "answers-differ"
    first, last = found.first_accuracy, found.accuracy
    knew = first is not None and last is not None and first > KNOWN and first > last - NO_GAIN
    return "known-before" if knew else ""


def judge_test(name: str, points: float, fixtures: frozenset[str], error: BaseException | None, run: Run) -> Verdict:
    """The verdict of one of an exercise's own tests, from what it raised.

    An assertion that does not hold costs the points; any other exception is the exercise's fault.
    """
    bases = [basis for fixture, basis in TEST_BASES.items() if fixture in fixtures]
    basis = min(bases, key=STRENGTH.index, default=Basis.MEASURED)
    verdict = Verdict(name, Status.PASSED, points, points, basis, ())
    if error is None:
        return verdict
    reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
    if type(error).__name__ == "Skipped":
        blamed = run.blame is Blame.STUDENT
        return replace(
            verdict, status=Status.SKIPPED, score=0.0 if blamed else None, needs_review=not blamed, reason=reason
        )
    if isinstance(error, AssertionError):
        return replace(verdict, status=Status.FAILED, score=0.0, reason=reason)
    return replace(verdict, status=Status.ERROR, needs_review=True, reason=f"{type(error).__name__}: {reason}")


def _waits_for_evaluation(said: Iterable[Outcome]) -> bool:
    """Whether a check could not decide for want of an evaluation: what the others found right does not stand for it."""
    return any("evaluation" in outcome.check.needs and not outcome.decided and not outcome.broken for outcome in said)


def _missing(said: Iterable[Outcome], evaluation: Evaluation | None) -> str:
    """Which evidence is missing: why the model could not be evaluated, where the checks ask for that."""
    asked = any("evaluation" in outcome.check.needs for outcome in said)
    return evaluation.reason if asked and evaluation and evaluation.reason else "no-evidence"


def _undecided(verdict: Verdict, broken: list[str], run: Run, missing: str) -> Verdict:
    if broken:
        return replace(verdict, status=Status.ERROR, score=None, needs_review=True, reason="; ".join(broken))
    if run.blame is Blame.STUDENT:
        return replace(verdict, status=Status.SKIPPED, score=0.0, reason="run-ended-early")
    if run.quick:
        return replace(verdict, status=Status.SKIPPED, score=None, reason=QUICK)
    if run.trace is not None and run.trace.complete and not run.trace.shows_training:
        return replace(verdict, status=Status.SKIPPED, score=0.0, reason="nothing-trained")
    return replace(verdict, status=Status.SKIPPED, score=None, needs_review=True, reason=missing)


def lost_share(line: RubricLine, findings: Iterable[Finding]) -> float:
    """The share of the line that its findings cost: the dearest counts, the rest costs nothing more."""
    return max((_cost(line, finding) for finding in findings), default=0.0)


def _cost(line: RubricLine, finding: Finding) -> float:
    if finding.severity is Severity.NOTE:
        return 0.0
    if finding.severity is Severity.WARNING:
        return line.warning
    earned = finding.measured.get("earned", 0.0)
    return 1.0 - float(earned) if isinstance(earned, int | float) else 1.0


def _status(score: float, points: float) -> Status:
    if score >= points:
        return Status.PASSED
    return Status.PARTIAL if score > 0 else Status.FAILED


def _basis(said: Iterable[Outcome]) -> Basis:
    """The weakest of what decided. A line that an evaluation scores rests on that, and on what takes points from it."""
    decided = [outcome for outcome in said if outcome.decided]
    scoring = [outcome for outcome in decided if "evaluation" in outcome.check.needs]
    taking = [outcome for outcome in decided if any(finding.severity in SEVERE for finding in outcome.findings)]
    bases = [outcome.basis for outcome in ([*scoring, *taking] if scoring else decided)]
    return min(bases, key=STRENGTH.index, default=Basis.MEASURED)


def grade(exercise: Exercise, verdicts: tuple[Verdict, ...]) -> Grade:
    """Sum up. The total is None where a line is None; the maximum never changes.

    A quick run passes by the lines that it judged; it has no total.
    """
    total = _total(verdicts)
    maximum = sum(verdict.max_score for verdict in verdicts)
    # a line that waits for a person was not left out on purpose, whatever its reason says
    judged = [verdict for verdict in verdicts if verdict.reason != QUICK or verdict.needs_review]
    earned = _total(judged)
    passed = earned is not None and earned >= exercise.pass_mark * sum(verdict.max_score for verdict in judged)
    return Grade(verdicts, total, maximum, passed and bool(judged))


def _total(verdicts: Iterable[Verdict]) -> float | None:
    scores = [verdict.score for verdict in verdicts]
    return None if None in scores else round(sum(score or 0.0 for score in scores), 4)
