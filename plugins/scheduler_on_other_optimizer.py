"""The scheduler changes the learning rate of an optimizer that takes no steps."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, SchedulerFacts, Severity, Sign, Trace, check, sign

#: a single call may be a try
FEWEST_CALLS = 2


@check(
    group="scheduler",
    severity=Severity.ERROR,
    title="The scheduler belongs to an optimizer that is not used",
    message=(
        "{name} ({line}) was moved on {count} times during the training. Its optimizer took no step; "
        "the one that did kept the learning rate {rate} all the time."
    ),
    why=(
        "A scheduler writes the learning rate into the one optimizer that it was made for. If the steps are "
        "taken by another one, for example one that was made later under the same name, the schedule has no "
        "effect on the training."
    ),
    experiment=("Compare id() of the scheduler's optimizer with id() of the optimizer that steps in the loop."),
    hints=(
        "Which optimizer was there when the scheduler was made, and is it the one that steps?",
        "A name that is given to a new optimizer does not take the scheduler along: that still serves the old one.",
        "Look at the first argument of torch.optim.lr_scheduler.StepLR or its kin, and at the order of the lines that "
        "make both.",
    ),
    needs=("trace", "completed"),
)
def scheduler_on_other_optimizer(evidence: Evidence) -> Iterator[Sign]:
    """Moved on during the training of another optimizer, which has no scheduler and one rate throughout."""
    trace = evidence.trace
    assert trace is not None
    driven = {scheduler.optimizer for scheduler in trace.schedulers if scheduler.calls}
    left_alone = [
        optimizer
        for index, optimizer in enumerate(trace.optimizers)
        if optimizer.steps and not optimizer.rates.changes and optimizer.rates.largest and index not in driven
    ]
    for scheduler in trace.schedulers:
        if left_alone and _is_idle(scheduler, trace):
            rate = left_alone[0].rates.largest
            yield sign(scheduler.line, count=scheduler.late, name=scheduler.name, rate=rate)
            return


def _is_idle(scheduler: SchedulerFacts, trace: Trace) -> bool:
    """Its optimizer takes no steps, by itself or through another one inside it."""
    optimizer = trace.optimizers[scheduler.optimizer]
    return scheduler.late >= FEWEST_CALLS and not optimizer.steps and not optimizer.wraps
