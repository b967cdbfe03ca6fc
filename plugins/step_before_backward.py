"""The optimizer steps before the gradients of its batch exist."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Outcome, Severity, Sign, StepPattern, Trace, check, sign


@check(
    group="order",
    severity=Severity.ERROR,
    title="The optimizer steps before the gradients are there",
    message=(
        "In {count} of {of} optimizer steps, the step ({line}) came before the backward() of its batch: the "
        "first one found no gradient at all."
    ),
    why=(
        "A step uses what lies in .grad at that moment. Before backward() this is nothing, or what the batch "
        "before has left; the gradients of the current batch come too late and are emptied or applied to "
        "weights that have moved on."
    ),
    experiment=(
        "Write the steps of one turn on paper, each with what it needs and what it produces. Then run the "
        "loop for one batch and print .grad before every line."
    ),
    hints=(
        "What does the optimizer read when it steps, and which line writes it?",
        "Forward, loss, gradients, update: each of these uses the result of the one before.",
        "Compare the lines of Tensor.backward and torch.optim.Optimizer.step in the body of the loop.",
    ),
    explains=("accuracy-below-threshold", "crashed", "loss-not-decreasing"),
    shows=Outcome.WIPED,
)
def step_before_backward(evidence: Evidence) -> Iterator[Sign]:
    """An empty first step, and after it steps whose gradients were wiped or belonged to an older forward."""
    trace = evidence.trace
    assert trace is not None
    for first in trace.with_outcome(Outcome.EMPTY):
        own = [pattern for pattern in trace.patterns if pattern.optimizer == first.optimizer]
        late = sum(pattern.count for pattern in own if _is_late(pattern))
        if first.first == 0 and (late or _is_all_there_was(first, trace)):
            of = sum(pattern.count for pattern in own)
            yield sign(first.line_of("step"), count=late + first.count, of=of)
            return


def _is_all_there_was(first: StepPattern, trace: Trace) -> bool:
    """A single step in the whole run, and the only gradients came after it."""
    names = [event.name for event in first.events]
    return trace.steps == 1 and trace.backwards.pending > 0 and "backward" not in names


def _is_late(pattern: StepPattern) -> bool:
    """Its gradients were wiped, or a newer forward stands between them and the step.

    A step at the top of the loop that applies the batch before it is legal: no forward comes in between.
    """
    if pattern.outcome is Outcome.WIPED:
        return True
    names = [event.name for event in pattern.events]
    if pattern.outcome is not Outcome.FRESH or "backward" not in names:
        return False
    return "forward" in names[len(names) - names[::-1].index("backward") :]
