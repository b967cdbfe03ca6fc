"""Every update goes uphill: the loss is made larger on purpose."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, OptimizerFacts, Severity, Sign, Trace, check, sign

#: on random targets a loss hardly moves, so any rise that rounding cannot make counts
ANY_RISE = 1e-6


@check(
    group="wiring",
    severity=Severity.ERROR,
    title="The updates make the loss larger",
    message=(
        "The {count} steps of the optimizer ({line}) went against the direction in which the loss falls. Before "
        "the training the loss was {first}; after it, {last}."
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
    """One optimizer that goes up on a plain loss, and a loss that did rise. Games of two optimizers are left alone.

    So is a model that was loaded: it may be made to forget something.
    """
    trace = evidence.trace
    assert trace is not None
    stepped = [optimizer for optimizer in trace.optimizers if optimizer.steps]
    model, given = trace.model, trace.happenings.loaded.count + trace.happenings.files.count
    if len(stepped) != 1 or given or model is None or model.first_loss is None or not _goes_up(stepped[0], trace):
        return
    if model.last_loss is None or model.last_loss > model.first_loss + ANY_RISE * abs(model.first_loss):
        last = "-" if model.last_loss is None else f"{model.last_loss:.4g}"
        line = trace.backwards.line if trace.backwards.negated else stepped[0].line
        yield sign(line, count=stepped[0].steps, first=round(model.first_loss, 4), last=last)


def _goes_up(optimizer: OptimizerFacts, trace: Trace) -> bool:
    negated = 2 * trace.backwards.negated > trace.backwards.total
    return negated != optimizer.maximizes
