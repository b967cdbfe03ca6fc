"""Many seeded runs of correct programs -> the accuracy and the loss that may be demanded, and a band for the plot."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..errors import ExerciseError
from ..exercise import OWN_DATA, closest
from ..model import Exercise, Severity
from ..result import Result
from .editing import Program
from .operators import Operator, mutants
from .tolerance import highest_loss, lowest_accuracy, share_below_lowest
from .trials import Bench, Progress, Trial
from .variants import SETTINGS

REFERENCE = "reference"
METHOD = (
    "normal tolerance bound, 1 in 1000 at 95 % confidence, on the logit of the accuracy and the logarithm of the loss"
)

Band = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Population:
    """The runs of one correct program, one for each seed."""

    name: str
    #: on hidden images; none where the exercise brings no data set
    accuracies: tuple[float, ...]
    #: mean training loss of each epoch, for each run
    curves: tuple[tuple[float, ...], ...]
    #: what a run lost points for: seed and check
    alarms: tuple[tuple[int, str], ...] = ()

    @property
    def last_losses(self) -> tuple[float, ...]:
        return tuple(curve[-1] for curve in self.curves if curve)

    @property
    def lowest_accuracy(self) -> float:
        """The tolerance bound of the accuracy."""
        return lowest_accuracy(self.accuracies)

    @property
    def highest_loss(self) -> float:
        """The tolerance bound of the last epoch's mean loss."""
        return highest_loss(self.last_losses)


@dataclass(frozen=True)
class Calibration:
    """What the runs on one data set say."""

    dataset: str
    seeds: int
    torch: str
    populations: tuple[Population, ...]

    @property
    def runs(self) -> int:
        return self.seeds * len(self.populations)

    @property
    def accuracy(self) -> float | None:
        """The threshold that no correct program falls below but by a chance of 1 in 1000, rounded down to 0.001."""
        bounds = [population.lowest_accuracy for population in self.populations if population.accuracies]
        return math.floor(min(bounds) * 1000) / 1000 if bounds else None

    @property
    def loss(self) -> float:
        """The same for the mean loss of the last epoch, rounded up."""
        return float(f"{max(population.highest_loss for population in self.populations) * 1.0005:.4g}")

    @property
    def unproven(self) -> float:
        """The share of runs of one program that may lie below its lowest, without any assumption."""
        return share_below_lowest(self.seeds)

    @property
    def band(self) -> Band:
        """Lowest and highest mean loss that any run had in each epoch."""
        curves = [curve for population in self.populations for curve in population.curves]
        epochs = min((len(curve) for curve in curves), default=0)
        columns = [[curve[epoch] for curve in curves] for epoch in range(epochs)]
        return tuple((_rounded(min(column), down=True), _rounded(max(column), down=False)) for column in columns)

    @property
    def alarms(self) -> tuple[tuple[str, int, str], ...]:
        """Correct programs that lost points for something else than their accuracy: program, seed, check."""
        return tuple((item.name, seed, check) for item in self.populations for seed, check in item.alarms)


def variants(exercise: Exercise, program: Program, named: Sequence[str] = ()) -> list[tuple[str, str]]:
    """The reference and its correct variants (those named, else the exercise's, else all that apply): name and text.

    Raises ExerciseError for one that nobody offers.
    """
    offered: Mapping[str, Operator] = {operator.name: operator for operator in SETTINGS}
    chosen = named or exercise.variants
    for name in chosen or ():
        if name not in offered:
            raise ExerciseError(
                f'{exercise.directory}: calibration.variants: no variant "{name}"; {closest(name, offered)}'
            )
    wanted = [offered[name] for name in offered if chosen is None or name in chosen]
    return [(REFERENCE, program.source), *((mutant.name, mutant.source) for mutant in mutants(program, wanted))]


def calibrate(bench: Bench, programs: Sequence[tuple[str, str]], seeds: int, progress: Progress) -> Calibration:
    """Run every program with seeds 0 to `seeds` - 1. Raises ExerciseError when a run tells no loss or accuracy."""
    trials = [Trial(name, source, seed) for seed in range(seeds) for name, source in programs]
    results = bench.grade(trials, progress)
    populations = tuple(
        _population(name, [(trial.seed, result) for trial, result in results.items() if trial.name == name])
        for name, _ in programs
    )
    some = next(iter(results.values()))
    return Calibration(some.run.dataset or OWN_DATA, seeds, some.grader["torch"], populations)


def _population(name: str, runs: Sequence[tuple[int, Result]]) -> Population:
    accuracies, curves, alarms = [], [], []
    for seed, result in runs:
        losses = tuple(loss for loss in result.metrics.loss if loss is not None)
        if not losses or (result.run.dataset is not None and result.metrics.accuracy is None):
            main = f" ({result.findings[0].check})" if result.findings else ""
            raise ExerciseError(f"{name} with seed {seed} tells no accuracy or no loss of an epoch{main}")
        curves.append(losses)
        if result.metrics.accuracy is not None:
            accuracies.append(result.metrics.accuracy)
        alarms += [(seed, check) for check in _blamed(result)]
    return Population(name, tuple(accuracies), tuple(curves), tuple(alarms))


def _blamed(result: Result) -> list[str]:
    """Errors and warnings, but for an accuracy that is too low: that is what is being calibrated."""
    severe = (finding.check for finding in result.findings if finding.severity is not Severity.NOTE)
    return [check for check in severe if check != "accuracy-below-threshold"]


def _rounded(value: float, *, down: bool) -> float:
    """To four significant digits, away from the middle of the band."""
    size = 10 ** (math.floor(math.log10(abs(value))) - 3) if value else 1e-6
    return float(f"{(math.floor if down else math.ceil)(value / size) * size:.4g}")
