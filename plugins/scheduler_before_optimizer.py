"""The scheduler moves on before the optimizer has taken its first step."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Severity, Sign, check, sign


@check(
    group="scheduler",
    severity=Severity.WARNING,
    title="The scheduler moves on before the optimizer steps",
    message=(
        "{name} was moved on ({line}) before the first step of its optimizer, and {count} times in all: the "
        "first learning rate of the schedule was never used."
    ),
    why=(
        "A scheduler has set the first learning rate when it was made. Moving it on before the optimizer has "
        "used that rate skips it, and every later value comes one turn too early. In a short schedule, or one "
        "with few milestones, this shows."
    ),
    experiment=(
        "Print the learning rate right before each of the first three steps of the optimizer. Is the first one "
        "the rate that the optimizer was made with?"
    ),
    hints=(
        "Which of the two has the last word in a turn of your loop: the optimizer or the scheduler?",
        "First use the rate, then change it: the schedule moves on after the steps that it was for.",
        "Compare the places of torch.optim.Optimizer.step and of the scheduler's own, and read the note in "
        "torch.optim.lr_scheduler.LRScheduler.",
    ),
)
def scheduler_before_optimizer(evidence: Evidence) -> Iterator[Sign]:
    """An early call without an epoch of its own, from the line that also made the later calls."""
    trace = evidence.trace
    assert trace is not None
    for scheduler in trace.schedulers:
        steps = trace.optimizers[scheduler.optimizer].steps
        if scheduler.early == 1 and scheduler.calls > 1 and steps > 1:
            yield sign(scheduler.step_line, count=scheduler.calls, name=scheduler.name)
            return
