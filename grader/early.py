"""What the first steps of a run show already: told at once, and the run ends there if no points depend on the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from .checks import run_check
from .grading import link_causes, lost_share
from .model import Check, Evidence, Exercise, Finding, Run, RunStatus, Severity, Submission
from .trace import Trace

#: of these, what one step shows is not taken back by a later one
GROUPS = ("order", "hygiene", "loss")
#: what only a whole run, or its model, can tell
LATER = ("completed", "evaluation")


@dataclass(frozen=True)
class FirstSteps:
    """Looks at the trace of a run that is under way, once."""

    submission: Submission
    exercise: Exercise
    checks: Mapping[str, Check]
    #: gets each error that is no consequence of another one
    tell: Callable[[Finding], None]

    def decide_all(self, trace: Trace) -> bool:
        """Whether every point is decided: whatever the run may still show, it would be graded alike."""
        errors = self._errors(trace)
        for finding in errors:
            if finding.consequence_of is None:
                self.tell(finding)
        # tests of the exercise's own may look at anything
        return not self.exercise.own_tests and is_decided(self.exercise, errors)

    def _errors(self, trace: Trace) -> list[Finding]:
        evidence = Evidence(self.submission, self.exercise, Run(RunStatus.COMPLETED, trace=trace), trace)
        able = (check for check in self.checks.values() if check.group in GROUPS and not set(check.needs) & set(LATER))
        said = (run_check(check, evidence) for check in able)
        found = link_causes((finding for outcome in said for finding in outcome.findings), self.checks)
        return [finding for finding in found if finding.severity is Severity.ERROR]


def is_decided(exercise: Exercise, errors: Iterable[Finding]) -> bool:
    """Whether a gate is closed, or each line that has points has lost them all."""
    found = list(errors)
    lost = {
        line.id
        for line in exercise.rubric
        if lost_share(line, [finding for finding in found if finding.check in line.checks]) >= 1
    }
    gates = {line.id for line in exercise.rubric if line.gate}
    worth = {line.id for line in exercise.rubric if line.points > 0}
    return bool(lost & gates) or (bool(worth) and worth <= lost)
