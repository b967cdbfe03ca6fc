"""Every update goes uphill: the loss is made larger on purpose."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, ModelFacts, OptimizerFacts, Severity, Sign, Trace, by_hand, check, sign

#: on random targets a loss hardly moves, so any rise that rounding cannot make counts
ANY_RISE = 1e-6
#: updates by hand along the gradient, and their share of those that were looked at
FEWEST_UP, SHARE_UP = 5, 0.9


@check(
    group="wiring",
    severity=Severity.ERROR,
    title="The updates make the loss larger",
    message=(
        "{count} updates of the weights ({line}) went against the direction in which the loss falls. Before the "
        "training the loss was {first}; after it, {last}."
    ),
    why=(
        "The gradient points to where the loss grows, and an optimizer goes the other way. A minus before the "
        "loss, or an optimizer that is told to go up, turns this around: the model learns, step by step, to be "
        "as wrong as it can."
    ),
    experiment=(
        "Compute the loss of one fixed batch before and after a single step with a very small learning rate. "
        "Does it rise or fall?"
    ),
    hints=(
        "Is the number that backward() starts from meant to become smaller or larger?",
        "A likelihood is to grow, a loss is to fall; the losses of PyTorch have the minus in them already.",
        "Compare the sign of the result of torch.nn.CrossEntropyLoss with what torch.optim.SGD was told to do.",
    ),
    explains=("accuracy-below-threshold", "learning-rate-extreme", "loss-diverged", "loss-not-decreasing"),
    needs=("trace", "completed"),
)
def loss_ascends(evidence: Evidence) -> Iterator[Sign]:
    """One optimizer, or updates by hand, that go up on a plain loss, and a loss that did rise.

    Games of two optimizers are left alone, and a model that was loaded: it may be made to forget something.
    """
    trace = evidence.trace
    assert trace is not None
    stepped = [optimizer for optimizer in trace.optimizers if optimizer.steps]
    model, given = trace.model, trace.happenings.loaded.count + trace.happenings.files.count
    if given or model is None or model.first_loss is None or not _rose(model):
        return
    last = "-" if model.last_loss is None else f"{model.last_loss:.4g}"
    if len(stepped) == 1 and _goes_up(stepped[0], trace):
        line = trace.backwards.line if trace.backwards.negated else stepped[0].line
        yield sign(line, count=stepped[0].steps, first=round(model.first_loss, 4), last=last)
    elif not stepped and _goes_up_by_hand(trace):
        line = by_hand.update_line(evidence.submission.source) or trace.backwards.line
        yield sign(line, count=trace.by_hand.count, first=round(model.first_loss, 4), last=last)


def _rose(model: ModelFacts) -> bool:
    first, last = model.first_loss or 0.0, model.last_loss
    return last is None or last > first + ANY_RISE * abs(first)


def _goes_up(optimizer: OptimizerFacts, trace: Trace) -> bool:
    negated = 2 * trace.backwards.negated > trace.backwards.total
    return negated != optimizer.maximizes


def _goes_up_by_hand(trace: Trace) -> bool:
    """A likelihood may rightly be made larger by hand; a loss function of torch's may not."""
    direction, bare = trace.hand_direction, 2 * trace.backwards.bare > trace.backwards.total
    return bare and direction.up >= max(FEWEST_UP, SHARE_UP * direction.looked)
