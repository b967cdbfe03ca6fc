"""backward() starts at a loss that has no connection to any weight."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, RunStatus, Severity, Sign, Trace, check, sign


@check(
    group="loss",
    severity=Severity.ERROR,
    title="The loss has lost its connection to the model",
    message=(
        "backward() ({line}) was called on a loss without a graph behind it. Such passes: {count}; passes "
        "that reached a weight: {reached}."
    ),
    why=(
        "A loss remembers how it was computed, and backward() follows this memory to the weights. A number "
        "taken out of a tensor, a tensor made anew from it, or a forward pass without gradients has none: no "
        "weight hears of the loss."
    ),
    experiment=(
        "Print grad_fn of the loss, of the output of the model, and of everything in between. At which line "
        "does it become None?"
    ),
    hints=(
        "Which line between the model and backward() turns a tensor into something new?",
        "Setting requires_grad on the loss silences the error; it does not bring the connection back.",
        "Look for Tensor.item, Tensor.detach, Tensor.data, torch.tensor and torch.no_grad between the "
        "forward pass and the loss.",
    ),
    explains=("accuracy-below-threshold", "crashed", "loss-not-decreasing", "missing-backward"),
    needs=("backward",),
)
def graph_detached(evidence: Evidence) -> Iterator[Sign]:
    """Passes from a fresh leaf, or passes that raised, and none that any update used; or a plain number in their place.

    If every parameter is frozen the graph is not to blame.
    """
    trace = evidence.trace
    assert trace is not None
    crash = evidence.run.crash
    if crash is not None and crash.asked_a_number:
        yield sign(crash.line, count=1, reached=trace.backwards.total)
        return
    passes = trace.backwards
    lost = passes.detached if passes.detached.count else passes.without_graph
    if not lost.count or _all_frozen(trace):
        return
    if not passes.used or (passes.without_graph.count and _ended_by_it(evidence)):
        yield sign(lost.line or passes.line, count=lost.count, reached=passes.total)


def _all_frozen(trace: Trace) -> bool:
    holding = [optimizer for optimizer in trace.optimizers if optimizer.parameters]
    return bool(holding) and not any(optimizer.trainable for optimizer in holding)


def _ended_by_it(evidence: Evidence) -> bool:
    """The run ended with the very error that backward() raises without a graph."""
    crash = evidence.run.crash
    ended = evidence.run.status is RunStatus.CRASHED and crash is not None
    return ended and crash is not None and "does not require grad" in crash.message
