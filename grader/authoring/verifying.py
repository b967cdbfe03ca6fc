"""A mutation test of an exercise: is each mistake in its reference caught, and named by the right check?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from ..model import Exercise, Severity
from ..result import Result
from .behaviour import read_behaviour, same, watched
from .editing import Program
from .mistakes import MISTAKES
from .operators import Mutant, mutants, shortened
from .trials import Bench, Progress, Trial
from .variants import DRESSES, SETTINGS

REFERENCE = "reference"
#: mutants train for so many epochs and steps at least: several checks compare epochs, and curves need points
FEWEST_EPOCHS, FEWEST_STEPS = 2, 300


class State(StrEnum):
    """What became of a mutant."""

    #: it loses points, and a check that the operator expects says so
    CAUGHT = "caught"
    #: it loses points, and what is said is something else
    MISNAMED = "misnamed"
    #: it does something else than the reference and loses nothing
    SURVIVED = "survived"
    #: it does the same as the reference: no mistake here
    EQUIVALENT = "equivalent"
    #: the rubric gives no points for what it breaks
    NOT_COVERED = "not covered"
    #: the right check says so in a note, which never costs anything
    NOTED = "noted"
    #: a correct variant that earns everything
    FINE = "fine"
    #: a correct variant that loses points
    FALSE_ALARM = "false alarm"


FAILURES = (State.SURVIVED, State.MISNAMED, State.FALSE_ALARM)


@dataclass(frozen=True)
class Judged:
    """A mutant and its result."""

    mutant: Mutant
    state: State
    result: Result

    @property
    def findings(self) -> tuple[str, ...]:
        """What a learner reads first: root causes, then consequences."""
        return tuple(finding.check for finding in self.result.findings)


@dataclass(frozen=True)
class Verification:
    """The whole of it. `shown` is the program that was mutated: the reference, shortened or not."""

    exercise: Exercise
    reference: Result
    shown: Program
    judged: tuple[Judged, ...] = ()

    @property
    def reference_is_fine(self) -> bool:
        return earns_everything(self.reference)

    @property
    def failures(self) -> tuple[Judged, ...]:
        """Mutants that should have been caught, and correct variants that should not."""
        return tuple(item for item in self.judged if item.state in FAILURES)

    @property
    def clean(self) -> bool:
        return self.reference_is_fine and not self.failures

    def count(self, *states: State) -> int:
        return sum(item.state in states for item in self.judged)


def earns_everything(result: Result) -> bool:
    """Full marks, and nothing that says otherwise but in a note."""
    severe = any(finding.severity is not Severity.NOTE for finding in result.findings)
    return result.score == result.max_score and not severe


def verify(bench: Bench, program: Program, progress: Progress) -> Verification:
    """Grade the reference, then every mutant and variant of it; where nothing was lost, compare behaviours."""
    whole = Trial(REFERENCE, program.source)
    reference = bench.grade([whole], progress)[whole]
    if not earns_everything(reference):
        return Verification(bench.exercise, reference, program)
    shown = _short_enough(bench, program, reference, progress)
    found = mutants(shown, (*MISTAKES, *DRESSES, *SETTINGS))
    results = bench.grade([Trial(mutant.name, mutant.source) for mutant in found], progress)
    graded = list(zip(found, results.values(), strict=True))
    judged = [Judged(mutant, judge(mutant, result, bench.exercise), result) for mutant, result in graded]
    if shown is not program:
        judged = _in_full(bench, program, judged, progress)
    alike = _equivalent(bench, shown, _unpunished(judged), progress)
    judged = [replace(item, state=State.EQUIVALENT) if item.mutant.name in alike else item for item in judged]
    return Verification(bench.exercise, reference, shown, tuple(judged))


def _unpunished(judged: Iterable[Judged]) -> list[Mutant]:
    return [item.mutant for item in judged if item.state is State.SURVIVED]


def _in_full(bench: Bench, program: Program, judged: Sequence[Judged], progress: Progress) -> list[Judged]:
    """What was not named once more, trained as long as the reference: some mistakes show after several epochs only."""
    names = {item.mutant.name for item in judged if item.state in (State.SURVIVED, State.MISNAMED)}
    again = [mutant for mutant in mutants(program, MISTAKES) if mutant.name in names]
    results = bench.grade([Trial(mutant.name, mutant.source) for mutant in again], progress)
    whole = {trial.name: result for trial, result in results.items()}
    return [
        Judged(item.mutant, judge(item.mutant, whole[item.mutant.name], bench.exercise), whole[item.mutant.name])
        if item.mutant.name in whole
        else item
        for item in judged
    ]


def judge(mutant: Mutant, result: Result, exercise: Exercise) -> State:
    """The state of a mutant as its result shows it; SURVIVED may turn out to be EQUIVALENT."""
    expected = mutant.operator.slugs
    if not expected:
        return State.FINE if earns_everything(result) else State.FALSE_ALARM
    named = [finding for finding in result.findings if finding.check in expected]
    severe = any(finding.severity is not Severity.NOTE for finding in named)
    if result.score is None or result.score < result.max_score:
        return State.CAUGHT if severe and result.score is not None else State.MISNAMED
    if severe or not _covers(exercise, expected):
        return State.NOT_COVERED
    return State.NOTED if named else State.SURVIVED


def _covers(exercise: Exercise, slugs: Iterable[str]) -> bool:
    listed = {slug for line in exercise.rubric for slug in line.checks}
    return any(slug in listed for slug in slugs)


def _short_enough(bench: Bench, program: Program, reference: Result, progress: Progress) -> Program:
    """The reference with as few epochs as show everything; the whole of it where that does not earn everything."""
    steps = reference.run.steps / max(1, reference.run.epochs)
    epochs = max(FEWEST_EPOCHS, math.ceil(FEWEST_STEPS / max(1.0, steps)))
    short = shortened(program, epochs)
    if short.source == program.source:
        return program
    trial = Trial(REFERENCE, short.source)
    return short if earns_everything(bench.grade([trial], progress)[trial]) else program


def _equivalent(bench: Bench, program: Program, unpunished: Sequence[Mutant], progress: Progress) -> set[str]:
    """The names of those that do the same as the program, found by running both once more and watching them."""
    if not unpunished:
        return set()
    trials = [Trial(REFERENCE, program.source), *(Trial(mutant.name, mutant.source) for mutant in unpunished)]
    results = bench.grade([watched(trial) for trial in trials], progress)
    told: Mapping[str, Result] = {trial.name: result for trial, result in results.items()}
    model = read_behaviour(told[REFERENCE])
    return {mutant.name for mutant in unpunished if same(read_behaviour(told[mutant.name]), model)}
