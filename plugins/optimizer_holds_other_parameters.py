"""The optimizer holds parameters of another model than the one that gets the gradients."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, OptimizerFacts, Outcome, Severity, Sign, Trace, check, sign

#: a single step may be empty for many reasons
FEWEST_STEPS = 2


@check(
    group="wiring",
    severity=Severity.ERROR,
    title="The optimizer moves another model than the one that is trained",
    message=(
        "In {count} of {of} steps, the optimizer ({line}) found no gradient in its parameters, while "
        "{waiting} other parameters received gradients that nobody used."
    ),
    why=(
        "An optimizer keeps the parameters that it was given when it was made. If the model is made anew after "
        "that, the gradients arrive in the new model, and the optimizer goes on looking after the old one. No "
        "weight that matters ever moves."
    ),
    experiment=(
        "Compare id() of one parameter of the model with id() of the same one in the optimizer's param_groups, "
        "just before a step."
    ),
    hints=(
        "In which order are the model and the optimizer made, and is any of them made again later?",
        "A name that is given to a new model does not take the optimizer along: that still holds the old weights.",
        "Look at the argument of torch.optim.SGD or torch.optim.Adam and at every line that makes a torch.nn.Module.",
    ),
    explains=("accuracy-below-threshold", "loss-not-decreasing", "optimizer-missing-parameters"),
    shows=Outcome.EMPTY,
)
def optimizer_holds_other_parameters(evidence: Evidence) -> Iterator[Sign]:
    """Mostly empty steps, and somewhere else parameters whose gradients are used by nobody.

    Where most passes are used, an empty optimizer is one of several that take turns.
    """
    trace = evidence.trace
    assert trace is not None
    passes = trace.backwards
    if not trace.waiting or 2 * passes.used > passes.total or trace.by_hand.count:
        return
    for index, optimizer in enumerate(trace.optimizers):
        empty = _empty_steps(trace, index)
        if empty >= FEWEST_STEPS and 2 * empty > optimizer.steps and _can_learn(optimizer):
            yield sign(optimizer.line, count=empty, of=optimizer.steps, waiting=trace.waiting)
            return


def _empty_steps(trace: Trace, optimizer: int) -> int:
    return sum(pattern.count for pattern in trace.with_outcome(Outcome.EMPTY) if pattern.optimizer == optimizer)


def _can_learn(optimizer: OptimizerFacts) -> bool:
    return optimizer.trainable > 0
