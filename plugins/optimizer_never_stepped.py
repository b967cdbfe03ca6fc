"""One of several optimizers is never asked to step, and its part of the model stays as it was."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Severity, Sign, check, sign


@check(
    group="wiring",
    severity=Severity.WARNING,
    title="One of the optimizers never takes a step",
    message=(
        "The optimizer of {line} holds {count} parameters that received gradients again and again, and nobody ever "
        "changed them. Steps of other optimizers in the run: {steps}."
    ),
    why=(
        "Each optimizer moves only the parameters that it was given. Where one of two never steps, its part of the "
        "model keeps its random first weights, and the other part learns to live with that. The loss may fall all the "
        "same, which hides it."
    ),
    experiment=(
        "Clone one weight of each part before the training and compare it with torch.equal afterwards. Which part "
        "has not moved?"
    ),
    hints=(
        "How many optimizers are made, and how many are asked to update something in each turn?",
        "Every optimizer that is cleared in a turn usually steps in it, too.",
        "One torch.optim.Optimizer can hold several parts: pass it the parameters of all of them, or use groups.",
    ),
    explains=("accuracy-below-threshold",),
    needs=("trace", "completed"),
)
def optimizer_never_stepped(evidence: Evidence) -> Iterator[Sign]:
    """All that it holds was left alone, while others stepped; weights that were loaded may be left on purpose."""
    trace = evidence.trace
    assert trace is not None
    steps = sum(optimizer.steps for optimizer in trace.optimizers)
    if not steps or trace.happenings.loaded.count + trace.happenings.files.count:
        return
    for optimizer in trace.optimizers:
        if optimizer.idle and not optimizer.steps and optimizer.idle == optimizer.received:
            yield sign(optimizer.line, count=optimizer.idle, steps=steps)
            return
