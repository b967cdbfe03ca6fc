"""What the worker wrote -> Trace; distrusts every byte."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from .errors import TraceError
from .reading import MAX_ITEMS as MAX_ITEMS
from .reading import read


class Outcome(StrEnum):
    """What an optimizer found in its gradients when it took a step."""

    #: only contributions that it had not applied before
    FRESH = "fresh"
    #: contributions that it had already applied, with new ones added to them
    STALE = "stale"
    #: only contributions that it had already applied
    REPEATED = "repeated"
    #: contributions had arrived since its last step and were cleared before this one
    WIPED = "wiped"
    #: nothing: no contribution since its last step
    EMPTY = "empty"
    #: gradients that no backward pass put there (`p.grad = g`)
    BY_HAND = "by-hand"
    #: none of its parameters requires a gradient
    FROZEN = "frozen"


@dataclass(frozen=True)
class Event:
    """A call in the student's loop: forward, loss, zero_grad, backward, clip, step, scheduler, update."""

    name: str
    line: int | None


@dataclass(frozen=True)
class StepPattern:
    """Optimizer steps that looked alike: same optimizer, outcome and calls since the step before."""

    optimizer: int
    outcome: Outcome
    events: tuple[Event, ...]
    count: int
    #: 0-based number of the first and the last such step of this optimizer
    first: int
    last: int
    #: backward passes consumed for the first time, and again, in one such step
    fresh: int = 0
    stale: int = 0
    #: parameters concerned (a few names)
    parameters: tuple[str, ...] = ()
    #: the line of the call that cleared, for WIPED
    cleared_line: int | None = None
    #: different batches (training forwards) whose contributions one such step consumed
    batches: int = 0
    #: somebody wrote over the gradients between the last backward pass and the step: clipped, divided
    rewritten: bool = False

    def line_of(self, name: str) -> int | None:
        """The line of the last such call before the step; None where none was seen."""
        return next((event.line for event in reversed(self.events) if event.name == name), None)


@dataclass(frozen=True)
class Sighting:
    """Something seen a number of times, and the student's line where it was first seen."""

    count: int = 0
    line: int | None = None


@dataclass(frozen=True)
class RateFacts:
    """The learning rate of an optimizer's first group at its steps, and how far these went."""

    #: steps whose rate was read; how often it had changed since the step before
    steps: int = 0
    changes: int = 0
    largest: float | None = None
    #: steps with a rate below a hundred thousandth of the largest before them
    collapsed: int = 0
    #: |change| / |weight| of one weight in the steps looked at: the largest, and the median
    largest_movement: float | None = None
    usual_movement: float | None = None
    #: empty for a rate that never changed
    curve: tuple[Point, ...] = ()


@dataclass(frozen=True)
class OptimizerFacts:
    """One optimizer that was constructed during the run."""

    name: str
    line: int | None
    steps: int
    #: parameters it holds; of these, how many ever received a contribution; how many require a gradient
    parameters: int
    received: int
    trainable: int
    rates: RateFacts = RateFacts()
    #: where it took no step: how many received gradients again and again and were never changed by anybody
    idle: int = 0
    #: it was told to go up and not down
    maximizes: bool = False
    #: another optimizer stepped inside its step
    wraps: bool = False
    #: with a memory of its own (momentum, averages): how often one was made again on its line over the same
    #: parameters after it had taken steps, and how many steps all of them took
    remade: int = 0
    remade_steps: int = 0


@dataclass(frozen=True)
class SchedulerFacts:
    """One learning-rate scheduler, unless another scheduler drives it."""

    name: str
    line: int | None
    #: index of its optimizer
    optimizer: int
    #: calls of its step() by the student; of these, after any optimizer's first step
    calls: int = 0
    late: int = 0
    #: calls before its optimizer's first step, from the line that also made the later ones
    early: int = 0
    step_line: int | None = None
    #: how many calls the schedule is made for, where it has an end
    length: int | None = None


@dataclass(frozen=True)
class OrphanFacts:
    """Parameters that received gradients and that nobody ever changed or gave to an optimizer."""

    count: int = 0
    #: of these, in layers that the model calls and that are not registered as parts of it
    hidden: int = 0
    names: tuple[str, ...] = ()
    #: parameters of the model that an optimizer holds, and whether its last one is among them
    held: int = 0
    last_is_held: bool = False


@dataclass(frozen=True)
class DirectionFacts:
    """Updates by hand that were looked at, and how many of them went where the loss grows."""

    looked: int = 0
    up: int = 0


@dataclass(frozen=True)
class KeptFacts:
    """Losses that were marked when their backward pass began: how many, and most that were alive at one time."""

    marked: int = 0
    alive: int = 0


@dataclass(frozen=True)
class RemodelFacts:
    """Models of one kind, first called on one line, that were each trained for a while."""

    name: str = ""
    line: int | None = None
    models: int = 0
    #: updates of the one that was updated most
    updates: int = 0


@dataclass(frozen=True)
class Happenings:
    """Calls that are rare: weights given to a module before and after the first update, files read, seeds set."""

    loaded: Sighting = Sighting()
    restored: Sighting = Sighting()
    files: Sighting = Sighting()
    #: files read in the way that may run code from them
    unsafe: Sighting = Sighting()
    #: parameters copied together with what they had learned
    copied: Sighting = Sighting()
    #: most times that one line set the same seed again between updates
    reseeded: Sighting = Sighting()


@dataclass(frozen=True)
class BackwardPlace:
    """Backward passes that began on one line, of those that were looked at closely."""

    line: int | None
    used: int = 0
    wiped: int = 0

    @property
    def total(self) -> int:
        return self.used + self.wiped


@dataclass(frozen=True)
class BackwardFacts:
    """What became of the backward passes that reached a parameter."""

    total: int = 0
    line: int | None = None
    #: applied by an optimizer step, or by an update by hand
    used: int = 0
    #: cleared before anything used them
    wiped: int = 0
    #: still unused at the end
    pending: int = 0
    #: backward() on a fresh leaf: no parameter is connected to the loss
    detached: Sighting = Sighting()
    #: backward() that raised because the loss has no graph
    without_graph: Sighting = Sighting()
    #: the same loss executed again with no step in between
    repeated: Sighting = Sighting()
    #: the same graph executed again after a step had changed its parameters
    across_step: Sighting = Sighting()
    #: losses that were NaN or infinite
    not_finite: Sighting = Sighting()
    #: passes that began at the negative of a loss function's result
    negated: int = 0
    #: passes that began at the mean of a loss function itself: neither divided, scaled nor added to another
    bare: int = 0
    #: of passes that were looked at closely, those from the differences of every prediction with every target, and
    #: the shape of the predictions in the first
    looked: int = 0
    spread: Sighting = Sighting()
    spread_shape: tuple[int, ...] = ()
    #: what became of the passes of each line
    places: tuple[BackwardPlace, ...] = ()


@dataclass(frozen=True)
class ClipFacts:
    """Calls on one line that limit gradients. Counters count the calls that were looked at closely."""

    line: int | None
    looked: int = 0
    #: what they were given: nothing at all, or nothing that a gradient had come to; only what had been used before
    empty: int = 0
    applied: int = 0
    #: parameters of which no optimizer that ever took a step holds any
    foreign: int = 0
    #: after them the same line of backward() added another batch, before any step
    added: int = 0


#: losses that compare quantities
OF_QUANTITIES = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")


@dataclass(frozen=True)
class LossCall:
    """Calls of one loss function on one line. Counters count the calls that were looked at closely."""

    function: str
    line: int | None
    calls: int
    looked: int
    #: the result took part in a graph (grad enabled, something required a gradient)
    with_graph: int = 0
    input_shape: tuple[int, ...] = ()
    target_shape: tuple[int, ...] = ()
    target_type: str = ""
    #: shapes of input and target differ (losses that broadcast)
    mismatched: int = 0
    #: the target requires a gradient and the input does not
    swapped: int = 0
    #: neither requires a gradient although gradients are enabled and the model is training
    detached: int = 0
    #: rows >= 0 that sum to 1; rows whose logsumexp is 0; no value below 0; no value outside [0, 1]
    probability_rows: int = 0
    log_probability_rows: int = 0
    non_negative: int = 0
    unit_interval: int = 0
    #: name of the operation that produced the input, e.g. SoftmaxBackward0, and how often it was that one
    producer: str = ""
    producer_count: int = 0
    #: number of classes where the input is (batch, classes)
    classes: int = 0
    first_value: float | None = None
    last_value: float | None = None
    #: the input shares its memory with the target, or with what went into a model
    from_data: int = 0

    @property
    def squares_of_classes(self) -> bool:
        """Whether a loss of quantities got scores for several classes, and names of classes as the target."""
        integers = self.target_type.endswith(("int64", "int32", "uint8", "long", "int"))
        several = len(self.input_shape) == 2 and self.input_shape[1] > 1 and len(self.target_shape) == 1
        return self.function in OF_QUANTITIES and integers and several

    def mostly(self, count: int) -> bool:
        """Whether more than half of the calls that were looked at are counted here."""
        return 2 * count > self.looked


@dataclass(frozen=True)
class ForwardGroup:
    """Calls of a root module on one line under the same circumstances."""

    line: int | None
    #: its output took part in a backward pass
    trained: bool
    #: module.training of the root
    training: bool
    grad_enabled: bool
    calls: int
    samples: int
    #: layers that behave differently in training (dropout, batch norm), and how many of them were training
    modal: int
    modal_training: int
    #: the output went into argmax, max, topk or a loss, as in an evaluation
    judged: int
    #: of the samples, how many were fingerprinted, and how many of those were also trained on
    compared: int = 0
    also_trained: int = 0
    #: passes over a loader (or epochs) in which this group occurred
    passes: int = 0
    #: the parameters of this root were updated at some time in the run (False: a teacher, an average)
    updated: bool = True


@dataclass(frozen=True)
class EpochFacts:
    """One pass over the training data: optimizer steps, samples, mean loss over samples."""

    steps: int
    samples: int
    loss: float | None
    #: batches, of which so many had a loss that could not be read; the sum over batches, and the last one's
    batches: int = 0
    missing: int = 0
    batch_sum: float | None = None
    last: float | None = None


@dataclass(frozen=True)
class Series:
    """Numbers that a function returned, under the name or place that they had; a single one is a series of one."""

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class Returned:
    """What a function that the exercise names returned, and the line of its last return."""

    function: str
    line: int | None
    #: epochs before it was called, and while it ran
    first: int
    epochs: int
    series: tuple[Series, ...] = ()


@dataclass(frozen=True)
class AnsweredPass:
    """One pass over a loader inside such a function: how many outputs agreed with their labels."""

    #: the same for passes over the same loader
    group: int
    line: int | None
    #: samples of its data set
    size: int | None
    #: a batch of it was trained on
    trained: bool
    samples: int
    correct: int
    batches: int
    #: the sum of the batches' own shares, and the last of them
    shares: float
    last: float
    #: not every batch was answered exactly once in a way that can be counted
    unclear: bool = False


@dataclass(frozen=True)
class LoaderFacts:
    """The data loaders of one line over one data set: one loader, or one that is made for each epoch."""

    line: int | None
    #: batches in a pass and samples in the data set, where known
    batches: int | None = None
    samples: int | None = None
    batch_size: int | None = None
    #: in the order of the data set, pass after pass
    sequential: bool = False
    drops_last: bool = False
    #: the data set, or the one that it is a part of, was made with `train=False`
    held_out: bool = False
    passes: int = 0
    #: of these, begun by a `for` statement over the loader itself
    looped: int = 0
    #: passes that came to the loader's end
    finished: int = 0
    #: batches that a backward pass followed, passes with such batches, and the most of them in one pass
    trained: int = 0
    trained_passes: int = 0
    most_trained: int = 0
    #: class numbers that were looked at in order, and how often one differed from the one before it
    labels: int = 0
    label_changes: int = 0


@dataclass(frozen=True)
class RepeatFacts:
    """Loss calls in a row that met the very same batch, of those that were looked at."""

    looked: int = 0
    #: the same input and target although a loader had given another batch in between
    kept: int = 0
    #: an input cut anew from the same rows of a tensor: the newest such cut's rows, and those of the whole
    cut: int = 0
    rows: int = 0
    of: int = 0
    line: int | None = None


@dataclass(frozen=True)
class PairFacts:
    """Inputs and targets as the loss met them, in the batches that were looked at."""

    looked: int = 0
    #: targets that came with these inputs; the same in another order; those of another batch
    aligned: int = 0
    shuffled: int = 0
    other_batch: int = 0
    line: int | None = None
    #: samples that came again in a later epoch, and with another target; the share of the latter that chance gives
    again: int = 0
    contradictions: int = 0
    expected: float = 0.0
    again_line: int | None = None
    repeats: RepeatFacts = RepeatFacts()


@dataclass(frozen=True)
class Operation:
    """One operation of a traced forward: its name and the shape of its result without the batch."""

    name: str
    shape: tuple[int, ...]
    #: shape of the parameter it used, () when none
    weight: tuple[int, ...] = ()


@dataclass(frozen=True)
class ModelFacts:
    """The model that was trained: the outermost module whose parameters an optimizer stepped."""

    name: str
    parameters: int
    #: where its forward() stands, or where it was built
    line: int | None = None
    input_shape: tuple[int, ...] = ()
    output_shape: tuple[int, ...] = ()
    operations: tuple[Operation, ...] = ()
    #: largest absolute change of any parameter between the first step and the end
    largest_change: float | None = None
    #: smallest and largest value that went into it in training, and whether all of them were whole numbers
    input_lowest: float | None = None
    input_highest: float | None = None
    input_whole: bool = False
    #: loss of the first and of the last weights over the recorded training batches
    first_loss: float | None = None
    last_loss: float | None = None
    #: its weight matrices; how many began as one value everywhere; how many have equal rows at the end
    matrices: int = 0
    constant_matrices: int = 0
    equal_rows: int = 0


@dataclass(frozen=True)
class Point:
    """One point of a curve: an optimizer step and a value."""

    step: int
    value: float


@dataclass(frozen=True)
class Trace:
    """What was observed beside the student's code: a claim that explains, never proof."""

    complete: bool = False
    steps: int = 0
    patterns: tuple[StepPattern, ...] = ()
    #: how many steps fell into each outcome, exact even where patterns overflowed
    outcomes: Mapping[str, int] = dataclasses.field(default_factory=dict)
    optimizers: tuple[OptimizerFacts, ...] = ()
    backwards: BackwardFacts = BackwardFacts()
    #: updates of parameters without an optimizer
    by_hand: Sighting = Sighting()
    #: of these, updates whose gradient held what an earlier one had already used, with new added to it
    by_hand_stale: Sighting = Sighting()
    hand_direction: DirectionFacts = DirectionFacts()
    #: gradients asked for without backward(): torch.autograd.grad, torch.func.grad and its kin
    functional: Sighting = Sighting()
    loss_calls: tuple[LossCall, ...] = ()
    clips: tuple[ClipFacts, ...] = ()
    forwards: tuple[ForwardGroup, ...] = ()
    epochs: tuple[EpochFacts, ...] = ()
    loaders: tuple[LoaderFacts, ...] = ()
    #: dropout was active in a model that was in evaluation mode, by a call that does not know of the mode
    dropout_in_evaluation: Sighting = Sighting()
    #: argmax or max over the rows, and not over the classes, of an output (batch, classes)
    over_rows: Sighting = Sighting()
    #: optimizer steps that used gradients of forwards in evaluation mode together with those of training
    leaked: Sighting = Sighting()
    model: ModelFacts | None = None
    loss_curve: tuple[Point, ...] = ()
    #: 2-norm of all gradients that a step used, at steps that were looked at closely
    norm_curve: tuple[Point, ...] = ()
    #: batches of the training loader in one epoch, where known
    batches_per_epoch: int | None = None
    schedulers: tuple[SchedulerFacts, ...] = ()
    orphans: OrphanFacts = OrphanFacts()
    #: parameters anywhere that received gradients and that nobody used
    waiting: int = 0
    kept: KeptFacts = KeptFacts()
    remodels: tuple[RemodelFacts, ...] = ()
    #: how many were trained, copies not counted
    models: int = 0
    happenings: Happenings = Happenings()
    returned: tuple[Returned, ...] = ()
    answers: tuple[AnsweredPass, ...] = ()
    pairs: PairFacts = PairFacts()
    #: functions of the exercise that the worker called, because the submission had trained nothing by itself
    called: tuple[str, ...] = ()
    #: the recorder's hooks were no longer in their places when the code was over
    unhooked: bool = False
    device: str = "cpu"
    #: what of the recorder itself failed, for the instructor; empty when all is well
    problem: str = ""

    @property
    def shows_training(self) -> bool:
        """Whether anything of a training loop was seen, right or wrong."""
        backwards = self.backwards
        tried = backwards.total + backwards.detached.count + backwards.without_graph.count
        return self.steps + self.by_hand.count + self.functional.count + tried > 0

    @property
    def swapped_loss(self) -> bool:
        """Whether a loss got its arguments in the wrong order: it may stop there, before any training."""
        return any(call.swapped for call in self.loss_calls)

    @property
    def refused_classes(self) -> tuple[LossCall, ...]:
        """Losses of quantities that were given classes: they may stop there, before any training."""
        return tuple(call for call in self.loss_calls if call.producer and call.squares_of_classes)

    def trained_through(self, loader: LoaderFacts) -> bool:
        """Whether training also went through all of a data set of this size, in a loop on another line."""
        others = (other for other in self.loaders if other.samples == loader.samples)
        return any(other.finished and other.trained_passes for other in others)

    def count(self, outcome: Outcome) -> int:
        """How many optimizer steps had this outcome."""
        return self.outcomes.get(outcome.value, 0)

    def with_outcome(self, outcome: Outcome) -> tuple[StepPattern, ...]:
        """Patterns of this outcome, the most frequent first."""
        found = [pattern for pattern in self.patterns if pattern.outcome is outcome]
        return tuple(sorted(found, key=lambda pattern: (-pattern.count, pattern.first)))


def parse_trace(payload: bytes) -> Trace:
    """Bytes of a trace frame -> Trace. Raises TraceError on anything that the dataclasses do not describe."""
    try:
        value = json.loads(payload, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise TraceError(f"trace is not JSON: {type(error).__name__}") from None
    trace = read(Trace, value)
    # an index is a claim as well
    known = tuple(item for item in trace.schedulers if item.optimizer < len(trace.optimizers))
    return trace if len(known) == len(trace.schedulers) else replace(trace, schedulers=known)


def _refuse_constant(name: str) -> float:
    raise ValueError(name)
