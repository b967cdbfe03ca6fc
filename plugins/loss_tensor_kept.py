"""Losses are kept together with the graphs that they were computed by."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Severity, Sign, check, sign

#: fewer may be the parts of one update
FEWEST = 6


@check(
    group="hygiene",
    severity=Severity.WARNING,
    title="The losses are kept with all that they were computed from",
    message=(
        "Of {of} losses that were looked at ({line}), {count} were still alive, graph and all, long after their "
        "backward pass."
    ),
    why=(
        "A loss is a number and, besides, the end of a graph that remembers how it was computed. Adding losses "
        "up or collecting them in a list keeps all these graphs, and with them memory that grows with each "
        "batch until none is left."
    ),
    experiment=("Print the running sum in the second batch. Is it a plain number, or a tensor that shows a grad_fn?"),
    hints=(
        "What is the type of the thing that you add up or collect for the report?",
        "For a report a number is enough; the graph has done its work when backward() is over.",
        "Read about Tensor.item and Tensor.detach, and look at every line that stores or sums a loss.",
    ),
    explains=("out-of-memory",),
)
def loss_tensor_kept(evidence: Evidence) -> Iterator[Sign]:
    """Marks in the graphs of losses that had met their backward pass: so many alive at once are kept by somebody."""
    trace = evidence.trace
    assert trace is not None
    if trace.kept.alive >= FEWEST:
        yield sign(trace.backwards.line, count=trace.kept.alive, of=trace.kept.marked)
