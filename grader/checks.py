"""@check, and running a check so that it cannot break the grade."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from .model import Basis, Check, CheckFunction, Evidence, Finding, Scalar, Severity, Sign
from .trace import Outcome as StepOutcome

GROUPS = (
    "run", "order", "hygiene", "loss", "mode", "structure", "data", "device", "evaluation", "wiring",
    "scheduler", "scaling", "integrity",
)  # fmt: skip


def check(
    *,
    group: str,
    severity: Severity,
    title: str,
    message: str,
    why: str,
    experiment: str = "",
    hints: Iterable[str] = (),
    explains: Iterable[str] = (),
    needs: Iterable[str] = ("trace",),
    basis: Basis = Basis.CLAIMED,
    shows: StepOutcome | None = None,
    words: Mapping[str, str] | None = None,
    proof: Callable[[Evidence], bool] | None = None,
) -> Callable[[CheckFunction], Check]:
    """Make a Check of a pure function Evidence -> signs. Its slug is the function's name in kebab-case.

    `title`: the student's sentence, without `you forgot`. `message`: what happened, with this run's numbers
    as `{placeholders}`. `why`: why it matters. `experiment`: something to try first. `hints`: from a question
    to the name of the API. `explains`: slugs of checks whose findings follow from this one.
    `shows`: which kind of optimizer step the page draws for it. `words`: what a code that a sign gives as a param
    is called in the message. `proof`: whether this evidence makes what it says recomputed, though its kind is not.
    """

    def decorate(function: CheckFunction) -> Check:
        return Check(
            id=function.__name__.replace("_", "-"),
            group=group,
            severity=severity,
            title=title,
            message=message,
            why=why,
            function=function,
            experiment=experiment,
            hints=tuple(hints),
            explains=tuple(explains),
            needs=tuple(needs),
            basis=basis,
            shows=shows,
            words=words or {},
            proof=proof,
        )

    return decorate


def sign(
    line: int | None = None,
    *,
    end_line: int | None = None,
    count: int | None = None,
    of: int | None = None,
    severity: Severity | None = None,
    measured: dict[str, Scalar] | None = None,
    **params: Scalar,
) -> Sign:
    """What a check yields: where it shows, how often of how many, and the message's params."""
    return Sign(line, end_line, count, of, severity, params, measured or {})


@dataclass(frozen=True)
class Outcome:
    """What one check said: findings, or why it could not decide, or how it broke."""

    check: Check
    findings: tuple[Finding, ...] = ()
    decided: bool = True
    broken: str | None = None
    #: what it says was computed again, whatever its kind rests on
    proved: bool = False

    @property
    def basis(self) -> Basis:
        return Basis.RECOMPUTED if self.proved else self.check.basis


def run_check(check: Check, evidence: Evidence) -> Outcome:
    """Run one check. An exception in it is our fault and costs the student nothing."""
    if not has_evidence(check, evidence):
        return Outcome(check, decided=False)
    try:
        findings = tuple(_place(check, evidence, item) for item in check.function(evidence))
        proved = check.proof is not None and check.proof(evidence)
    except Exception as error:  # the one place where a check of anybody's may fail
        return Outcome(check, decided=False, broken=f"{check.id}: {type(error).__name__}: {error}")
    return Outcome(check, findings, proved=proved)


def has_evidence(check: Check, evidence: Evidence) -> bool:
    """Whether everything that the check needs is there."""
    # a recorder that broke may have missed what a check would look for: that is our fault, not the student's
    trace = evidence.trace if evidence.trace is not None and not evidence.trace.problem else None
    present = {
        "recording": trace is not None,
        "trace": trace is not None and trace.shows_training,
        "completed": trace is not None and trace.complete,
        "loss": trace is not None and (trace.shows_training or trace.swapped_loss),
        "backward": trace is not None and (trace.shows_training or _asked_a_number(evidence)),
        "fitting-loss": trace is not None and (trace.shows_training or bool(trace.refused_classes)),
        "evaluation": _can_be_evaluated(evidence),
    }
    return all(present.get(need, False) for need in check.needs)


def _can_be_evaluated(evidence: Evidence) -> bool:
    """There is an accuracy, or a reason that lies in what was handed in: not one of a recorder that broke."""
    found = evidence.evaluation
    if found is None or found.accuracy is not None:
        return found is not None
    unseen = found.reason == "no-model" and evidence.trace is not None and bool(evidence.trace.problem)
    return found.at_fault and not unseen


def _asked_a_number(evidence: Evidence) -> bool:
    return evidence.run.crash is not None and evidence.run.crash.asked_a_number


def _place(check: Check, evidence: Evidence, item: Sign) -> Finding:
    return Finding(
        check=check.id,
        severity=item.severity or check.severity,
        where=evidence.submission.place(item.line, item.end_line),
        count=item.count,
        of=item.of,
        params=dict(item.params),
        measured=dict(item.measured),
    )
