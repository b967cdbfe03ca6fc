"""A scheduler is made, and nobody ever moves it on."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from grader import Evidence, RunStatus, SchedulerFacts, Severity, Sign, Trace, check, sign

#: in fewer steps or epochs its time may not have come
FEWEST_STEPS, FEWEST_EPOCHS = 8, 2


@check(
    group="scheduler",
    severity=Severity.WARNING,
    title="The scheduler is never moved on",
    message=(
        "{name} was made ({line}), and in {count} steps of its optimizer it was never moved on: the learning "
        "rate stayed at {rate}."
    ),
    why=(
        "A scheduler changes the learning rate only when it is told that time has passed. Making it is like "
        "winding a clock that is never started: the rate stays at its first value, and the training runs as if "
        "there were no schedule at all."
    ),
    experiment=(
        "Print the learning rate in the optimizer's param_groups at the end of each epoch. Does it change "
        "between the first and the last?"
    ),
    hints=(
        "Who tells the scheduler that an epoch, or a batch, is over?",
        "Naming a method without parentheses only mentions it, and a scheduler that nobody calls does nothing.",
        "Look at the examples in torch.optim.lr_scheduler.StepLR and see where their loop moves the schedule on.",
    ),
    needs=("trace", "completed"),
)
def scheduler_never_stepped(evidence: Evidence) -> Iterator[Sign]:
    """No call in a training of some length, no other scheduler at work there, and a rate that nobody changed."""
    trace = evidence.trace
    assert trace is not None
    if evidence.run.status is not RunStatus.COMPLETED or 0 < len(trace.epochs) < FEWEST_EPOCHS:
        return
    for scheduler in trace.schedulers:
        optimizer = trace.optimizers[scheduler.optimizer]
        idle = not scheduler.calls and not optimizer.rates.changes and not _has_another(scheduler, trace)
        if idle and optimizer.steps >= FEWEST_STEPS and optimizer.rates.largest is not None:
            yield sign(
                scheduler.line,
                severity=Severity.NOTE if _waits(evidence.submission.source, scheduler.line) else None,
                count=optimizer.steps,
                name=scheduler.name,
                rate=optimizer.rates.largest,
            )
            return


def _has_another(scheduler: SchedulerFacts, trace: Trace) -> bool:
    return any(other.calls and other.optimizer == scheduler.optimizer for other in trace.schedulers)


def _waits(source: str, made: int | None) -> bool:
    """Whether the text moves on what was made on that line under a condition, which then never came true in this run.

    As when the learning rate is to fall once the accuracy does: the run cannot tell a mistake from good luck.
    """
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError):
        return False
    assigned = (node for node in nodes if isinstance(node, ast.Assign) and node.lineno == made)
    names = {ast.unparse(target) for node in assigned for target in node.targets}
    branches = (part for node in nodes if isinstance(node, ast.If) for part in (*node.body, *node.orelse))
    calls = (node.func for part in branches for node in ast.walk(part) if isinstance(node, ast.Call))
    return any(isinstance(call, ast.Attribute) and call.attr == "step" and ast.unparse(call.value) in names
               for call in calls)  # fmt: skip
