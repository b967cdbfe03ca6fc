"""Which mistake a set of facts shows: one root cause for each, and silence where the facts allow a correct loop."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from grader.checks import run_check
from grader.model import Basis, Blame, Crash, Evaluation, Evidence, Frame, Run, RunStatus, Severity
from grader.trace import (
    BackwardFacts,
    EpochFacts,
    Event,
    ForwardGroup,
    LossCall,
    ModelFacts,
    Operation,
    OptimizerFacts,
    Outcome,
    Point,
    Sighting,
    StepPattern,
)

from .builders import make_evidence, make_exercise, make_line
from .evidence import CHECKS, findings, roots, say, trace_evidence

NO_GRAPH = "element 0 of tensors does not require grad and does not have a grad_fn"
ONE = Sighting(1, 4)
MANY = Sighting(100, 4)
SGD = (OptimizerFacts("SGD", 1, 100, 4, 4, 4),)
NEVER_STEPPED = (OptimizerFacts("SGD", 1, 0, 4, 4, 4),)
FROZEN = (OptimizerFacts("SGD", 1, 0, 4, 0, 0),)


def pattern(outcome: Outcome, calls: str, count: int = 100, first: int = 0, **changes: int) -> StepPattern:
    """Steps that looked alike; the calls stand on lines 1, 2, 3 and so on."""
    events = tuple(Event(name, line) for line, name in enumerate(calls.split(), 1))
    steps = StepPattern(0, outcome, events, count, first, first + count - 1)
    return replace(steps, **changes)  # type: ignore[arg-type]


def steps(*patterns: StepPattern, **facts: Any) -> Evidence:
    """A run of one optimizer with these steps, and as many backward passes unless told otherwise."""
    outcomes: dict[str, int] = {}
    for item in patterns:
        outcomes[item.outcome.value] = outcomes.get(item.outcome.value, 0) + item.count
    total = sum(outcomes.values())
    facts.setdefault("backwards", BackwardFacts(total, 4, total))
    facts.setdefault("optimizers", SGD)
    facts.update(steps=total, patterns=patterns, outcomes=outcomes)
    return trace_evidence(**facts)


NORMAL = "zero_grad forward loss backward step"
EMPTY_FIRST = pattern(Outcome.EMPTY, "zero_grad forward loss step", 1)
NONE_REACHED = BackwardFacts()

ORDER: dict[str, tuple[Evidence, list[str]]] = {
    "a normal loop": (steps(pattern(Outcome.FRESH, NORMAL)), []),
    "never cleared": (
        steps(
            pattern(Outcome.FRESH, "forward loss backward step", 1),
            pattern(Outcome.STALE, "forward loss backward step", 99, 1),
        ),
        ["gradients-not-cleared"],
    ),
    "cleared once per epoch": (
        steps(pattern(Outcome.FRESH, NORMAL, 4), pattern(Outcome.STALE, "forward loss backward step", 96)),
        ["gradients-not-cleared"],
    ),
    "never cleared, updated by hand": (
        trace_evidence(backwards=BackwardFacts(20, 4, 20), by_hand=Sighting(20, 6), by_hand_stale=Sighting(19, 6)),
        ["gradients-not-cleared"],
    ),
    "cleared between backward and step": (
        steps(pattern(Outcome.WIPED, "forward loss backward zero_grad step")),
        ["gradients-cleared-before-step"],
    ),
    "a few steps emptied on purpose": (
        steps(pattern(Outcome.FRESH, NORMAL, 90), pattern(Outcome.WIPED, NORMAL, 10, 20)),
        [],
    ),
    "step before backward": (
        steps(EMPTY_FIRST, pattern(Outcome.WIPED, "backward zero_grad forward loss step", 99, 1)),
        ["step-before-backward"],
    ),
    "step before backward, one step only": (
        steps(EMPTY_FIRST, backwards=BackwardFacts(1, 5, pending=1)),
        ["step-before-backward"],
    ),
    "step before backward, gradients kept and used one batch late": (
        steps(EMPTY_FIRST, pattern(Outcome.FRESH, "zero_grad backward forward loss step", 99, 1)),
        ["step-before-backward"],
    ),
    "the batch before is applied at the top of the loop": (
        steps(EMPTY_FIRST, pattern(Outcome.FRESH, "zero_grad forward loss backward step", 99, 1)),
        [],
    ),
    "an accuracy between backward and step": (
        steps(pattern(Outcome.FRESH, "zero_grad forward loss backward forward step")),
        [],
    ),
    "no backward": (
        steps(pattern(Outcome.EMPTY, "zero_grad forward loss step"), backwards=NONE_REACHED),
        ["missing-backward"],
    ),
    "no backward, gradients set by hand": (
        steps(pattern(Outcome.BY_HAND, "forward loss step"), backwards=NONE_REACHED, functional=MANY),
        [],
    ),
    "backward from a loss made anew": (
        steps(pattern(Outcome.EMPTY, NORMAL), backwards=BackwardFacts(line=4, detached=MANY)),
        ["graph-detached"],
    ),
    "the optimizer holds other parameters": (
        steps(
            pattern(Outcome.EMPTY, NORMAL),
            backwards=BackwardFacts(100, 4, wiped=99),
            optimizers=(OptimizerFacts("SGD", 1, 100, 4, 0, 4),),
        ),
        [],
    ),
    "no step": (
        trace_evidence(backwards=BackwardFacts(100, 4, wiped=99, pending=1), optimizers=NEVER_STEPPED),
        ["missing-step"],
    ),
    "no step, updated by hand": (
        trace_evidence(backwards=BackwardFacts(100, 4, used=100), by_hand=Sighting(100, 6)),
        [],
    ),
    "neither backward nor step": (trace_evidence(), ["no-training-happened"]),
    "gradients by torch.func": (trace_evidence(functional=MANY), []),
    "two steps for one backward": (
        steps(pattern(Outcome.FRESH, NORMAL, 50), pattern(Outcome.REPEATED, "step", 50)),
        ["gradient-applied-twice"],
    ),
    "one loss backward twice": (
        steps(pattern(Outcome.FRESH, NORMAL), backwards=BackwardFacts(200, 4, 200, repeated=MANY)),
        ["backward-twice"],
    ),
    "the first step is empty, the rest is normal": (
        steps(EMPTY_FIRST, pattern(Outcome.FRESH, NORMAL, 99, 1)),
        [],
    ),
}


@pytest.mark.parametrize("case", ORDER)
def test_order_mistakes_have_one_root_cause(case: str) -> None:
    """Each way to get the order wrong is one error, and each correct order none."""
    evidence, expected = ORDER[case]
    assert roots(say(evidence)) == expected


def test_a_rare_repeated_step_is_a_warning() -> None:
    """A last step after the loop that finds nothing new is wrong, and hardly matters."""
    rare = steps(pattern(Outcome.FRESH, NORMAL, 99), pattern(Outcome.REPEATED, "step", 1))
    [found] = say(rare)
    assert (found.check, found.severity) == ("gradient-applied-twice", Severity.WARNING)


def test_an_error_on_the_way_is_not_a_missing_step() -> None:
    """A run that crashed between its first backward pass and the first step has not missed the step."""
    crash = Crash("NameError", "name 'optimiser' is not defined", (Frame(5, "<module>"),))
    evidence = trace_evidence(RunStatus.CRASHED, crash, backwards=BackwardFacts(1, 4, pending=1))
    assert roots(say(evidence)) == ["crashed"]


@pytest.mark.parametrize(
    ("batches", "bare", "expected"),
    [(8, 40, ["step-outside-batch-loop"]), (8, 0, []), (2, 10, [])],
    ids=["bare losses", "divided losses", "two batches"],
)
def test_one_step_per_epoch_counts_only_for_bare_losses(batches: int, bare: int, expected: list[str]) -> None:
    """Accumulating a whole epoch on purpose divides the losses."""
    total = 5 * batches
    once = pattern(Outcome.FRESH, NORMAL, 5, batches=batches, fresh=batches)
    evidence = steps(once, backwards=BackwardFacts(total, 4, total, bare=bare), batches_per_epoch=batches)
    assert roots(say(evidence)) == expected


@pytest.mark.parametrize(
    ("lost", "passes", "expected"),
    [(35, 5, ["backward-outside-batch-loop"]), (34, 5, []), (7, 1, [])],
    ids=["all but the last", "not all of them", "one pass"],
)
def test_one_backward_per_pass_counts_where_all_other_batches_were_ready(
    lost: int, passes: int, expected: list[str]
) -> None:
    """Eight batches a pass on one line, in training mode and with a graph; a single pass may be a try."""
    group = ForwardGroup(3, True, True, True, passes, 8 * passes, 0, 0, 0, passes=passes)
    others = replace(group, trained=False, calls=lost, samples=8 * lost)
    once = pattern(Outcome.FRESH, NORMAL, passes, batches=1, fresh=1)
    passed = BackwardFacts(passes, 4, passes, bare=passes)
    evidence = steps(once, backwards=passed, batches_per_epoch=8, forwards=(group, others))
    assert roots(say(evidence)) == expected


LOSS = LossCall("cross_entropy", 3, 100, 50, 50, (64, 10), (64,), "int64", producer="AddmmBackward0",
                producer_count=50, classes=10, first_value=2.31, last_value=0.4)  # fmt: skip


def loss(function: str = "cross_entropy", **changes: object) -> LossCall:
    return replace(LOSS, function=function, **changes)  # type: ignore[arg-type]


SQUARES = loss("mse_loss", input_shape=(10, 1), target_shape=(10, 1), target_type="float32", classes=0)

LOSSES: dict[str, tuple[LossCall, list[str]]] = {
    "logits": (LOSS, []),
    "probabilities": (loss(probability_rows=50), ["softmax-before-cross-entropy"]),
    "probabilities in an evaluation only": (loss(probability_rows=50, with_graph=0), []),
    "probabilities once": (loss(probability_rows=1), []),
    "log-probabilities": (loss(log_probability_rows=50), []),
    "nll of log-probabilities": (loss("nll_loss", log_probability_rows=50), []),
    "nll of logits": (loss("nll_loss"), ["nll-without-log-softmax"]),
    "nll in half precision": (loss("nll_loss", producer="LogSoftmaxBackward0"), []),
    "nll of pixels": (loss("nll_loss", classes=0, input_shape=(4, 3, 8, 8)), []),
    "sigmoid for a loss on logits": (
        loss("binary_cross_entropy_with_logits", producer="SigmoidBackward0", classes=0),
        ["sigmoid-before-bce-with-logits"],
    ),
    "relu on logits": (loss(producer="ReluBackward0", non_negative=50), ["activation-on-logits"]),
    "positive logits": (loss(non_negative=50), []),
    "relu on a quantity": (replace(SQUARES, producer="ReluBackward0", non_negative=50), []),
    "column against row": (replace(SQUARES, target_shape=(10,), mismatched=50), ["loss-shape-broadcast"]),
    "column against one number": (replace(SQUARES, target_shape=(), mismatched=50), []),
    "table against one row": (
        replace(SQUARES, input_shape=(10, 3), target_shape=(3,), mismatched=50),
        [],
    ),
    "one sample left over": (replace(SQUARES, input_shape=(1, 1), target_shape=(1,), mismatched=50), []),
    "swapped": (loss(swapped=50, target_type="float32", probability_rows=50), ["loss-arguments-swapped"]),
    "swapped squares": (replace(SQUARES, swapped=50), []),
    "swapped divergence": (loss("kl_div", swapped=50), []),
    "cross-entropy with one output": (loss(input_shape=(64, 1), classes=1), ["wrong-loss"]),
    "squares against classes": (
        replace(SQUARES, input_shape=(64, 10), target_shape=(64,), target_type="int64"),
        ["wrong-loss"],
    ),
}


@pytest.mark.parametrize("case", LOSSES)
def test_a_loss_call_shows_its_own_mistake(case: str) -> None:
    """What goes into the loss decides, in most calls that took part in training."""
    call, expected = LOSSES[case]
    evidence = steps(pattern(Outcome.FRESH, NORMAL), loss_calls=(call,))
    assert roots(say(evidence)) == expected


@pytest.mark.parametrize(
    ("asked", "call", "expected"),
    [
        ("cross_entropy", LOSS, []),
        ("cross-entropy", LOSS, []),
        ("cross_entropy", loss("nll_loss", log_probability_rows=50), []),
        ("cross_entropy", loss("kl_div", log_probability_rows=50), []),
        ("cross_entropy", loss("nll_loss"), ["nll-without-log-softmax"]),
        ("cross_entropy", SQUARES, ["wrong-loss"]),
        ("mse_loss", SQUARES, []),
        ("mse_loss", loss("l1_loss"), ["wrong-loss"]),
        ("mse_loss", LOSS, ["wrong-loss"]),
    ],
)
def test_the_loss_that_the_exercise_asks_for(asked: str, call: LossCall, expected: list[str]) -> None:
    """The same loss in another dress is fine; another loss is one error."""
    evidence = steps(pattern(Outcome.FRESH, NORMAL), loss_calls=(call,))
    evidence = replace(evidence, exercise=make_exercise(expects={"loss": asked}))
    assert roots(say(evidence)) == expected


def test_a_loss_written_by_hand_is_not_another_loss() -> None:
    """Where no loss function was called, nothing is said about it."""
    evidence = steps(pattern(Outcome.FRESH, NORMAL))
    evidence = replace(evidence, exercise=make_exercise(expects={"loss": "cross_entropy"}))
    assert say(evidence) == ()


def test_no_graph_in_a_crash_leads_the_page() -> None:
    """The lost connection is the cause, the exception and what follows are its consequences."""
    crash = Crash("RuntimeError", NO_GRAPH, (Frame(4, "<module>"),))
    evidence = trace_evidence(
        RunStatus.CRASHED, crash, backwards=BackwardFacts(line=4, without_graph=ONE), optimizers=NEVER_STEPPED
    )
    found = say(evidence)
    assert roots(found) == ["graph-detached"]
    assert {item.check: item.consequence_of for item in found}["crashed"] == "graph-detached"


def test_frozen_parameters_are_not_a_lost_graph() -> None:
    """backward() fails in the same way when everything is frozen; that then explains the crash."""
    crash = Crash("RuntimeError", NO_GRAPH, (Frame(4, "<module>"),))
    evidence = trace_evidence(
        RunStatus.CRASHED, crash, backwards=BackwardFacts(line=4, without_graph=ONE), optimizers=FROZEN
    )
    assert roots(say(evidence)) == ["parameters-frozen"]


def test_a_loss_of_data_alone_explains_the_lost_graph() -> None:
    """criterion(targets, targets): the pair is the cause, not the graph."""
    crash = Crash("RuntimeError", NO_GRAPH, (Frame(4, "<module>"),))
    call = replace(SQUARES, calls=1, looked=1, with_graph=0, detached=1, from_data=1)
    evidence = trace_evidence(
        RunStatus.CRASHED, crash, backwards=BackwardFacts(line=4, without_graph=ONE), loss_calls=(call,)
    )
    assert roots(say(evidence)) == ["loss-without-model"]


def model(change: float | None, first: float | None, last: float | None) -> ModelFacts:
    return ModelFacts("Net", 100, largest_change=change, first_loss=first, last_loss=last)


def epochs(*losses: float | None) -> tuple[EpochFacts, ...]:
    return tuple(EpochFacts(10, 100, loss) for loss in losses)


FALLS: dict[str, tuple[ModelFacts | None, tuple[EpochFacts, ...], list[str]]] = {
    "both fell": (model(0.1, 1.0, 0.5), epochs(1.0, 0.6), []),
    "neither fell": (model(0.1, 1.0, 1.2), epochs(1.0, 1.1), ["loss-not-decreasing"]),
    "the weights say that it fell by very little": (model(0.1, 1.0, 0.9999), epochs(1.0, 1.1), []),
    "the epochs say that it fell": (model(0.1, 1.0, 1.2), epochs(1.0, 0.9), []),
    "no weight moved": (model(0.0, 1.0, 1.0), epochs(1.0, 1.0), ["loss-not-decreasing"]),
    "no weight moved, one epoch": (model(0.0, None, None), (), ["loss-not-decreasing"]),
    "one epoch": (model(0.1, 1.0, 1.2), epochs(1.0), []),
    "nothing left to fall": (model(0.1, 0.0, 0.0), epochs(0.0, 0.0), []),
    "unknown": (model(None, None, None), epochs(1.0, 1.1), []),
    "no model": (None, epochs(1.0, 1.1), []),
}


@pytest.mark.parametrize("case", FALLS)
def test_the_loss_must_fail_to_fall_twice(case: str) -> None:
    """Two independent measures must agree, or nothing has moved at all."""
    facts, passes, expected = FALLS[case]
    evidence = steps(pattern(Outcome.FRESH, NORMAL), model=facts, epochs=passes)
    assert roots(say(evidence)) == expected


@pytest.mark.parametrize(("last", "expected"), [(0.3, []), (2.4, ["loss-not-decreasing"])])
def test_hidden_images_outvote_what_was_recorded(last: float, expected: list[str]) -> None:
    """The grader's own computation, where the loss is lower than at the start and than that of guessing."""
    evaluation = Evaluation("mnist", 100, 0.0, accuracy=0.9, loss=last, first_loss=2.5, guessing=2.3)
    evidence = steps(pattern(Outcome.FRESH, NORMAL), model=model(0.1, 1.0, 1.2), epochs=epochs(1.0, 1.1))
    assert roots(say(replace(evidence, evaluation=evaluation))) == expected


@pytest.mark.parametrize("rebuilt", [True, False, None])
def test_a_fall_is_recomputed_where_a_fresh_jail_shows_it(rebuilt: bool | None) -> None:
    """Anywhere else it is the worker's word that the first weights were the first."""
    evaluation = Evaluation("mnist", 9, 0.0, accuracy=0.9, loss=0.3, first_loss=2.5, guessing=2.3, rebuilt=rebuilt)
    evidence = replace(steps(pattern(Outcome.FRESH, NORMAL), model=model(0.1, 2.0, 0.2)), evaluation=evaluation)
    outcome = run_check(CHECKS["loss-not-decreasing"], evidence)
    assert outcome.basis is (Basis.RECOMPUTED if rebuilt else Basis.CLAIMED)


@pytest.mark.parametrize(("last", "expected"), [(2.0, ["loss-not-decreasing"]), (0.5, [])])
def test_without_epochs_the_curve_counts(last: float, expected: list[str]) -> None:
    """A loop without a loader: no point of the curve may lie below the first one."""
    curve = (*(Point(step, 1.0 + step / 100) for step in range(30)), Point(30, last))
    evidence = steps(pattern(Outcome.FRESH, NORMAL), model=model(0.1, 1.0, 1.2), loss_curve=curve)
    assert roots(say(evidence)) == expected


def test_two_optimizers_against_each_other_need_not_lower_a_loss() -> None:
    """In a minimax game no loss has to fall."""
    both = (SGD[0], replace(SGD[0], name="Adam"))
    evidence = steps(
        pattern(Outcome.FRESH, NORMAL),
        model=model(0.1, 1.0, 1.2),
        epochs=epochs(1.0, 1.1),
        optimizers=both,
    )
    assert say(evidence) == ()


def test_a_lost_order_explains_a_loss_that_did_not_fall() -> None:
    """One mistake, one root: the flat loss follows from the cleared gradients, and so does the accuracy."""
    evidence = steps(
        pattern(Outcome.WIPED, "forward loss backward zero_grad step"),
        model=model(0.0, 2.3, 2.3),
        epochs=epochs(2.3, 2.3),
    )
    evidence = replace(evidence, evaluation=Evaluation("mnist", 5000, 0.9, 0.1))
    found = say(evidence)
    assert roots(found) == ["gradients-cleared-before-step"]
    assert {item.check for item in found} == {
        "accuracy-below-threshold",
        "gradients-cleared-before-step",
        "loss-not-decreasing",
    }


@pytest.mark.parametrize(
    ("count", "last", "expected"),
    [(60, 0.5, ["loss-diverged"]), (5, None, ["loss-diverged"]), (2, 0.5, [])],
    ids=["most of them", "the weights at the end", "skipped by a scaler"],
)
def test_a_loss_that_is_not_finite(count: int, last: float | None, expected: list[str]) -> None:
    """Single steps that a scaler skips are no divergence."""
    passes = BackwardFacts(100, 4, 100, not_finite=Sighting(count, 4))
    evidence = steps(pattern(Outcome.FRESH, NORMAL), backwards=passes, model=model(0.1, 1.0, last))
    assert roots(say(evidence)) == expected


TRAINED = ForwardGroup(3, True, True, True, 100, 1600, 2, 2, 100)
JUDGED = ForwardGroup(9, False, False, False, 10, 320, 2, 0, 10)


def judged(**changes: object) -> ForwardGroup:
    return replace(JUDGED, **changes)  # type: ignore[arg-type]


FORWARDS: dict[str, tuple[tuple[ForwardGroup, ...], list[str]]] = {
    "train and eval": ((TRAINED, JUDGED), []),
    "evaluated in training mode": (
        (TRAINED, judged(training=True, modal_training=2)),
        ["evaluation-in-train-mode"],
    ),
    "evaluated in both modes on purpose": (
        (TRAINED, JUDGED, judged(training=True, modal_training=2)),
        [],
    ),
    "dropout alone switched on again": ((TRAINED, judged(modal_training=2)), []),
    "not judged: averages of batch norm": ((TRAINED, judged(training=True, modal_training=2, judged=0)), []),
    "no layer that cares": (
        (replace(TRAINED, modal=0, modal_training=0), judged(training=True, modal=0)),
        [],
    ),
    "a second look at each training batch": (
        (TRAINED, judged(training=True, modal_training=2, calls=100, compared=800, also_trained=800)),
        [],
    ),
    "a training batch that was skipped": (
        (TRAINED, judged(line=3, training=True, modal_training=2, grad_enabled=True)),
        [],
    ),
    "gradients tracked": ((TRAINED, judged(grad_enabled=True)), ["evaluation-tracks-gradients"]),
    "gradients tracked in one look": ((TRAINED, judged(grad_enabled=True, calls=1)), []),
    "a teacher that tracks": ((TRAINED, judged(grad_enabled=True, updated=False)), []),
    "trained in evaluation mode": (
        (
            replace(TRAINED, calls=20),
            replace(TRAINED, calls=80, training=False, modal_training=0),
            JUDGED,
        ),
        ["training-in-eval-mode"],
    ),
    "an attack in evaluation mode": (
        (TRAINED, replace(TRAINED, calls=300, line=2, training=False, modal_training=0)),
        [],
    ),
    "frozen batch norm inside": ((replace(TRAINED, modal_training=0), JUDGED), []),
}


@pytest.mark.parametrize("case", FORWARDS)
def test_modes_and_gradients_of_forward_passes(case: str) -> None:
    """Training forwards belong to training mode, judged ones to evaluation mode without gradients."""
    groups, expected = FORWARDS[case]
    assert roots(say(steps(pattern(Outcome.FRESH, NORMAL), forwards=groups))) == expected


def asking(evidence: Evidence) -> Evidence:
    """The same for an exercise that gives points for an evaluation."""
    return replace(evidence, exercise=make_exercise([make_line("evaluation", 1.0, "no-evaluation-happened")]))


def test_no_evaluation_is_a_mistake_only_where_it_is_asked_for() -> None:
    """An exercise that only asks for training says nothing about an evaluation."""
    evidence = steps(pattern(Outcome.FRESH, NORMAL), forwards=(TRAINED,))
    assert say(evidence) == ()
    assert roots(say(asking(evidence))) == ["no-evaluation-happened"]
    with_one = steps(pattern(Outcome.FRESH, NORMAL), forwards=(TRAINED, judged(judged=0)))
    assert say(asking(with_one)) == ()


def test_evaluation_on_training_data_is_a_note_unless_an_evaluation_is_asked_for() -> None:
    """Reporting the accuracy on the training data is legal where nothing else is asked for."""
    seen = judged(compared=320, also_trained=320)
    evidence = steps(pattern(Outcome.FRESH, NORMAL), forwards=(TRAINED, seen))
    assert say(evidence) == ()
    [note] = findings(evidence, CHECKS)
    assert (note.check, note.severity) == ("evaluated-on-training-data", Severity.NOTE)
    assert roots(say(asking(evidence))) == ["evaluated-on-training-data"]
    both = steps(pattern(Outcome.FRESH, NORMAL), forwards=(TRAINED, seen, judged(compared=320)))
    assert findings(asking(both), CHECKS) == ()


def test_training_mode_without_layers_that_care_is_a_note_where_evaluation_is_asked_for() -> None:
    """The mode changes nothing yet, and the exercise asks for it all the same."""
    plain = (replace(TRAINED, modal=0, modal_training=0), judged(training=True, modal=0))
    [note] = findings(asking(steps(pattern(Outcome.FRESH, NORMAL), forwards=plain)), CHECKS)
    assert (note.check, note.severity) == ("evaluation-in-train-mode", Severity.NOTE)


def weighted(*weight: int, out: int) -> Operation:
    return Operation("matmul", (out,), weight)


RELU = Operation("relu", (128,))
FIRST, LAST = weighted(128, 784, out=128), weighted(10, 128, out=10)

STRUCTURES: dict[str, tuple[tuple[Operation, ...], str | None]] = {
    "one hidden layer": ((FIRST, RELU, LAST), None),
    "weights the other way round": ((weighted(784, 128, out=128), RELU, weighted(128, 10, out=10)), None),
    "a kernel over the whole image": (
        (Operation("convolution", (128, 1, 1), (128, 1, 28, 28)), RELU, LAST),
        None,
    ),
    "an activation nobody knows": ((FIRST, Operation("erfinv", (128,)), LAST), None),
    "nothing in between": ((FIRST, Operation("add", (128,)), LAST), "784 → 128 → 10"),
    "no hidden layer": ((weighted(10, 784, out=10),), "784 → 10"),
    "two hidden layers": (
        (FIRST, RELU, weighted(64, 128, out=64), RELU, weighted(10, 64, out=10)),
        "784 → 128 → f → 64 → f → 10",
    ),
    "too few outputs": ((FIRST, RELU, weighted(9, 128, out=9)), "784 → 128 → f → 9"),
    "unknown": ((), None),
}


@pytest.mark.parametrize("case", STRUCTURES)
def test_the_structure_is_read_from_one_forward_pass(case: str) -> None:
    """Layers with weights are counted, and what stands between them; names of classes do not matter."""
    operations, seen = STRUCTURES[case]
    facts = replace(model(0.1, None, None), operations=operations)
    expects = {"hidden_layers": 1, "inputs": 784, "outputs": 10}
    evidence = replace(steps(pattern(Outcome.FRESH, NORMAL), model=facts), exercise=make_exercise(expects=expects))
    assert [item.params["seen"] for item in say(evidence, "structure-differs")] == ([seen] if seen else [])


@pytest.mark.parametrize(
    ("status", "slug"),
    [
        (RunStatus.EXITED, "exited"),
        (RunStatus.TIMED_OUT, "timed-out"),
        (RunStatus.OUT_OF_MEMORY, "out-of-memory"),
        (RunStatus.OUTPUT_FLOOD, "output-flood"),
        (RunStatus.KILLED, "killed"),
        (RunStatus.CRASHED, "crashed"),
    ],
)
def test_every_bad_end_has_its_own_check(status: RunStatus, slug: str) -> None:
    """With a trace or without one, and with as little as the supervisor may know."""
    run = Run(status, Blame.STUDENT, 1)
    assert roots(say(make_evidence(run=run, trace=None))) == [slug]
    assert roots(say(make_evidence(run=run))) == [slug]


@pytest.mark.parametrize("slug", ["syntax-error", "missing-entry-point", "unreadable-submission"])
def test_a_rejected_text_has_its_own_check(slug: str) -> None:
    """What never ran is told by the reason of its rejection, with the line where there is one."""
    run = Run(RunStatus.REJECTED, Blame.STUDENT, crash=Crash(slug, "because", (Frame(2, ""),)))
    [found] = say(make_evidence(run=run, trace=None))
    assert (found.check, found.params["reason"], found.where and found.where.line) == (slug, "because", 2)


def test_our_own_failure_is_nobodys_mistake() -> None:
    """A broken sandbox gives no finding of any kind."""
    for blame in (Blame.GRADER, Blame.EXERCISE):
        for status in (RunStatus.SANDBOX_FAILED, RunStatus.CRASHED, RunStatus.KILLED):
            assert findings(make_evidence(run=Run(status, blame), trace=None), CHECKS) == ()


def test_a_crash_in_a_helper_file_shows_the_line_that_led_there() -> None:
    """The line of a helper module must not be looked up in the submission."""
    frames = (Frame(4, "<module>"), Frame(2, "load", "helper.py"))
    crash = Crash("ValueError", "no", frames, file="helper.py")
    [found] = say(make_evidence(run=Run(RunStatus.CRASHED, Blame.STUDENT, 1, crash=crash), trace=None))
    assert found.where is not None and found.where.line == 4
    alone = replace(crash, frames=frames[1:])
    [found] = say(make_evidence(run=Run(RunStatus.CRASHED, Blame.STUDENT, 1, crash=alone), trace=None))
    assert found.where is None


@pytest.mark.parametrize(("accuracy", "earned"), [(0.5, 0.0), (0.865, 0.5), (0.92, 0.9231)])
def test_accuracy_earns_its_share(accuracy: float, earned: float) -> None:
    """Nothing at `zero_at`, everything at the threshold, a straight line between."""
    line = make_line("accuracy", 3.0, "accuracy-below-threshold", settings={"zero_at": {"mnist": 0.8}})
    evidence = make_evidence(exercise=make_exercise([line]), evaluation=Evaluation("mnist", 5000, 0.93, accuracy))
    [found] = say(evidence, "accuracy-below-threshold")
    assert found.measured["earned"] == earned


def test_accuracy_at_the_threshold_is_enough() -> None:
    """The threshold itself is reached, not missed; without settings a miss earns nothing."""
    assert say(make_evidence(evaluation=Evaluation("mnist", 5000, 0.93, 0.93))) == ()
    [found] = say(make_evidence(evaluation=Evaluation("mnist", 5000, 0.93, 0.92)))
    assert found.measured["earned"] == 0.0


def test_a_model_without_answers_explains_its_accuracy() -> None:
    """NaN outputs are the finding; that they recognise nothing follows."""
    nothing = Evaluation("mnist", 5000, 0.93, reason="not-finite", at_fault=True)
    found = say(make_evidence(evaluation=nothing))
    assert roots(found) == ["unusable-answers"]
    assert {item.check for item in found} == {"accuracy-below-threshold", "unusable-answers"}
    unknown = replace(nothing, reason="preprocessing-unknown", at_fault=False)
    assert say(make_evidence(evaluation=unknown)) == ()
