"""The gradients of one loss are computed more than once."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Severity, Sign, check, sign


@check(
    group="order",
    severity=Severity.WARNING,
    title="The same loss is sent backward more than once",
    message=("backward() ({line}) went again through a graph that it had been through before: {count} of {of} passes."),
    why=(
        "Each pass adds to .grad. A second one through the same graph doubles the gradient, or, after a "
        "step, adds gradients for weights that no longer exist. Keeping the graph alive for it costs memory "
        "and time, too."
    ),
    experiment=(
        "Take retain_graph=True out for a moment and read the error. Which line asks for the second pass, "
        "and which loss does it start from?"
    ),
    hints=(
        "How many different losses are there in one turn, and how often does each of them start a pass?",
        "A graph belongs to one forward pass. A new batch needs a new forward pass, and gets a new graph.",
        "Read what retain_graph means in the documentation of Tensor.backward, and when it is needed.",
    ),
    explains=(),
)
def backward_twice(evidence: Evidence) -> Iterator[Sign]:
    """One root executed twice before a step, or one graph on both sides of a step of its parameters."""
    trace = evidence.trace
    assert trace is not None
    passes = trace.backwards
    seen = passes.across_step if passes.across_step.count > passes.repeated.count else passes.repeated
    if seen.count:
        yield sign(seen.line or passes.line, count=seen.count, of=max(passes.total, seen.count))
