"""A schedule that counts batches is moved on once in each epoch."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, RunStatus, SchedulerFacts, Severity, Sign, Trace, check, sign

FEWEST_EPOCHS = 2
#: of its way, so large a part at most was gone
PART = 0.2


@check(
    group="scheduler",
    severity=Severity.ERROR,
    title="The schedule is only at its beginning when the training ends",
    message=(
        "{name} is made for {of} calls and was moved on {count} times ({line}), about once in each epoch. The "
        "optimizer took {steps} steps."
    ),
    why=(
        "This schedule was given the number of all batches of the training as its length. Moved on once an "
        "epoch it hardly leaves its start: a rate that is to rise first and fall later stays small, and one "
        "that is to fall stays large."
    ),
    experiment=(
        "Collect the learning rate of every step in a list and draw it. Compare the curve with the one in the "
        "documentation of the schedule."
    ),
    hints=(
        "What does the schedule count: how many calls does it take to reach its end?",
        "A length in batches asks for a call after each batch, next to the optimizer's step.",
        "Read about total_steps and steps_per_epoch in torch.optim.lr_scheduler.OneCycleLR, or T_max in "
        "torch.optim.lr_scheduler.CosineAnnealingLR.",
    ),
    explains=("accuracy-below-threshold", "learning-rate-extreme", "loss-not-decreasing"),
    needs=("trace", "completed"),
)
def scheduler_too_rarely(evidence: Evidence) -> Iterator[Sign]:
    """As long as the training has steps, and called about as often as it has epochs.

    One-cycle schedules always count batches; others count epochs too, so their length must be the very number of steps.
    """
    trace = evidence.trace
    assert trace is not None
    epochs = len(trace.epochs)
    if epochs < FEWEST_EPOCHS or evidence.run.status is not RunStatus.COMPLETED:
        return
    for scheduler in trace.schedulers:
        rarely = 0 < scheduler.calls <= epochs + 1
        if (
            rarely
            and scheduler.length
            and scheduler.calls < PART * scheduler.length
            and _counts_batches(scheduler, trace)
        ):
            steps = trace.optimizers[scheduler.optimizer].steps
            line, name = scheduler.step_line, scheduler.name
            yield sign(line, count=scheduler.calls, of=scheduler.length, name=name, steps=steps)
            return


def _counts_batches(scheduler: SchedulerFacts, trace: Trace) -> bool:
    steps, length = trace.optimizers[scheduler.optimizer].steps, scheduler.length or 0
    if scheduler.name == "OneCycleLR":
        return 2 * length >= steps
    return length == steps
