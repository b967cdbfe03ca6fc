"""The loss is not lower at the end of the training than at its beginning."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, ModelFacts, Severity, Sign, Trace, check, sign

#: fewer updates than this say nothing: a warm-up may begin with a learning rate of 0
FEWEST_UPDATES = 5
#: on random targets the loss falls by little, so any fall that rounding cannot make counts
ANY_FALL = 1e-6
#: a loss this small has nothing left to fall
NOTHING_LEFT = 1e-6


@check(
    group="loss",
    severity=Severity.ERROR,
    title="The loss did not fall",
    message=(
        "After {count} updates of the weights ({line}) the loss is no lower than at the start. Largest "
        "change of any weight in the whole training: {change}."
    ),
    why=(
        "A falling loss is the sign that the model learns. One that stays where it was means that the "
        "updates do not reach the weights, or push them in a direction that does not help; one that rises, "
        "that they are too large."
    ),
    experiment=(
        "Train on one single batch, again and again. A loop that works brings the loss of this batch close "
        "to 0. If it does not, the fault is in the loop and not in the data."
    ),
    hints=(
        "Do the weights change at all from one step to the next, and by how much?",
        "Follow one number through a turn: the output, the loss, the gradient, the weight after the update.",
        "Look at the learning rate and the parameters that torch.optim.Optimizer received, and print "
        "Tensor.grad before a step.",
    ),
    explains=("accuracy-below-threshold",),
    needs=("trace", "completed"),
    proof=lambda evidence: _was_rebuilt(evidence) and _fell_on_hidden_images(evidence),
)
def loss_not_decreasing(evidence: Evidence) -> Iterator[Sign]:
    """Silent unless nothing moved at all, or two independent measures agree that there was no fall.

    Hidden images outvote both: their loss is the grader's own computation.
    """
    trace = evidence.trace
    assert trace is not None
    model, updates = trace.model, trace.steps + trace.by_hand.count
    if model is None or updates < FEWEST_UPDATES or trace.backwards.not_finite.count:
        return
    if _fell_on_hidden_images(evidence):
        return
    several = sum(optimizer.steps > 0 for optimizer in trace.optimizers) > 1
    # weights that were put back after the training moved in between
    still = model.largest_change == 0 and not trace.happenings.restored.count
    if still or (not several and _no_fall_of_weights(model) and _no_fall_of_means(trace)):
        line = trace.loss_calls[0].line if trace.loss_calls else None
        change = model.largest_change if model.largest_change is not None else 0.0
        yield sign(line or trace.backwards.line, count=updates, change=change)


def _fell_on_hidden_images(evidence: Evidence) -> bool:
    """The loss on hidden images is below that of the first weights, and below that of guessing."""
    return evidence.evaluation is not None and evidence.evaluation.loss_fell


def _was_rebuilt(evidence: Evidence) -> bool:
    """Both losses are those of a fresh jail, where nothing had been trained."""
    return evidence.evaluation is not None and evidence.evaluation.rebuilt is True


def _no_fall_of_weights(model: ModelFacts) -> bool:
    """The loss of the last weights, over the recorded training data, against that of the first ones."""
    first, last = model.first_loss, model.last_loss
    return first is not None and last is not None and first > NOTHING_LEFT and not _fell(first, last)


def _no_fall_of_means(trace: Trace) -> bool:
    """The mean of the last epoch against the first; without epochs no point of the curve may be lower."""
    means = [epoch.loss for epoch in trace.epochs if epoch.loss is not None]
    if len(means) >= 2:
        return not _fell(means[0], means[-1])
    values = [point.value for point in trace.loss_curve]
    return len(trace.epochs) < 2 and len(values) >= FEWEST_UPDATES and not _fell(values[0], min(values[1:]))


def _fell(first: float, last: float) -> bool:
    return last < first - ANY_FALL * abs(first)
