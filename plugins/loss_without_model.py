"""The loss compares data with data: the model's output is not in it."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Severity, Sign, check, sign


@check(
    group="loss",
    severity=Severity.ERROR,
    title="The output of the model does not go into the loss",
    message=(
        "In {count} of {of} calls that were looked at, the loss ({line}) compared values that come from the "
        "data, and nothing that the model had computed."
    ),
    why=(
        "The loss is to say how far the model's answers are from the targets. A loss without the model has "
        "no connection to any weight: backward() stops with an error, or runs without effect, and nothing is "
        "learned."
    ),
    experiment=("Print grad_fn of both arguments of the loss. What does None say about where a tensor comes from?"),
    hints=(
        "Which variable holds the answer of the model, and is it one of the two that the loss receives?",
        "Names that look alike, such as inputs, outputs and targets, are easily mixed up.",
        "Tensor.grad_fn shows whether a tensor came out of a computation; look at the arguments of the "
        "loss, and at torch.nn.Module.forward.",
    ),
    explains=(
        "accuracy-below-threshold",
        "crashed",
        "graph-detached",
        "loss-not-decreasing",
        "missing-backward",
    ),
)
def loss_without_model(evidence: Evidence) -> Iterator[Sign]:
    """The input of the loss is a piece of data, and no backward pass ever reached a parameter."""
    trace = evidence.trace
    assert trace is not None
    if trace.backwards.total:
        return
    for call in trace.loss_calls:
        if not call.with_graph and call.mostly(call.from_data) and call.mostly(call.detached):
            yield sign(call.line, count=call.from_data, of=call.looked)
            return
