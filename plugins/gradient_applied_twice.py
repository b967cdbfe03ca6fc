"""One gradient moves the weights more than once."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Outcome, Severity, Sign, check, sign


@check(
    group="order",
    severity=Severity.ERROR,
    title="The same gradients are applied more than once",
    message=(
        "In {count} of {of} optimizer steps, the step ({line}) found only gradients that it had applied "
        "before; no backward pass came in between."
    ),
    why=(
        "Applying one gradient twice doubles the learning rate without saying so. For optimizers with a "
        "memory, such as Adam or momentum, it also spoils the averages they keep, because they count the "
        "same batch twice."
    ),
    experiment=(
        "Count the calls of backward() and the steps of the optimizer in one epoch, with two plain counters. "
        "How should these two numbers be related?"
    ),
    hints=(
        "How many updates should follow from one batch, and how many lines ask for one?",
        "A step that stands in an inner loop, in a helper function and in the loop itself runs each time.",
        "Search the program for every call of torch.optim.Optimizer.step and follow when each of them runs.",
    ),
    explains=("accuracy-below-threshold", "loss-diverged", "loss-not-decreasing"),
    shows=Outcome.REPEATED,
)
def gradient_applied_twice(evidence: Evidence) -> Iterator[Sign]:
    """Steps that consumed only what the same optimizer had consumed before; a rare one is a warning."""
    trace = evidence.trace
    assert trace is not None
    repeated = trace.count(Outcome.REPEATED)
    if repeated:
        patterns = trace.with_outcome(Outcome.REPEATED)
        line = patterns[0].line_of("step") if patterns else None
        rare = 10 * repeated < trace.steps
        yield sign(line, count=repeated, of=trace.steps, severity=Severity.WARNING if rare else None)
