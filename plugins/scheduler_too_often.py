"""A schedule that counts epochs is moved on in every batch."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, RateFacts, RunStatus, SchedulerFacts, Severity, Sign, Trace, check, sign

#: the last steps of a sound schedule may be this small
FEW = 3
#: epochs from which a schedule of as many calls can be told from one of batches
FEWEST_EPOCHS = 2
#: so many times its length has a schedule been gone through, at least
TIMES = 3
PAST_THE_END = "Tried to step"


@check(
    group="scheduler",
    severity=Severity.ERROR,
    title="The learning rate changes far too often",
    message=(
        "{name} was moved on {count} times ({line}) in {epochs} epochs. Steps in which the learning rate had "
        "fallen below a hundred thousandth of its largest value: {collapsed}."
    ),
    why=(
        "A schedule counts its calls and does not know whether they are epochs or batches. One that is meant "
        "for epochs runs through in the first of them when each batch moves it on. From then on the rate is "
        "next to nothing, or jumps up and down without sense."
    ),
    experiment=(
        "Print the learning rate at the end of each epoch, with get_last_lr. Does it follow the curve that you "
        "had in mind?"
    ),
    hints=(
        "What did you have in mind for the numbers of the schedule: epochs or batches?",
        "Whatever is counted in epochs is moved on once an epoch, after the loop over the batches.",
        "Compare the arguments of torch.optim.lr_scheduler.StepLR or its kin with the indentation of the scheduler's "
        "call.",
    ),
    explains=("accuracy-below-threshold", "crashed", "learning-rate-extreme", "loss-not-decreasing"),
)
def scheduler_too_often(evidence: Evidence) -> Iterator[Sign]:
    """More calls than epochs, and a rate that is gone or a length that is that of the epochs; or a length exceeded."""
    trace = evidence.trace
    assert trace is not None
    epochs = len(trace.epochs)
    for scheduler in trace.schedulers:
        rates = trace.optimizers[scheduler.optimizer].rates
        often = epochs >= 1 and scheduler.calls >= FEWEST_EPOCHS * epochs
        if (often and (_is_gone(rates) or _counts_epochs(scheduler, epochs))) or _ended(evidence, scheduler):
            yield sign(
                scheduler.step_line,
                count=scheduler.calls,
                of=_steps(trace, scheduler),
                name=scheduler.name,
                epochs=epochs,
                collapsed=rates.collapsed,
            )
            return


def _steps(trace: Trace, scheduler: SchedulerFacts) -> int:
    return max(scheduler.calls, trace.optimizers[scheduler.optimizer].steps)


def _is_gone(rates: RateFacts) -> bool:
    return rates.collapsed > FEW and 4 * rates.collapsed > rates.steps


def _counts_epochs(scheduler: SchedulerFacts, epochs: int) -> bool:
    """The schedule has the length of the training in epochs, and was gone through several times."""
    length = scheduler.length
    return epochs > FEWEST_EPOCHS and length == epochs and scheduler.calls >= TIMES * length


def _ended(evidence: Evidence, scheduler: SchedulerFacts) -> bool:
    """The run ended with the error of a schedule that has an end."""
    crash = evidence.run.crash
    past = scheduler.length is not None and scheduler.calls > scheduler.length
    return evidence.run.status is RunStatus.CRASHED and crash is not None and past and PAST_THE_END in crash.message
