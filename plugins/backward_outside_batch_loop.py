"""Every batch goes through the model, and only the last one of each pass goes backward."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Severity, Sign, Trace, check, sign

#: with fewer batches in a pass, leaving out all but the last looks like a choice
FEWEST_BATCHES = 4
#: a single pass may be a try
FEWEST_PASSES = 2


@check(
    group="order",
    severity=Severity.ERROR,
    title="Only the last batch of each pass is learned from",
    message=(
        "{count} of {of} batches went through the model and were never sent backward: backward() ({line}) ran once "
        "in each pass over the data, after {batches} batches."
    ),
    why=(
        "A loss knows only the batch that it was computed from. When the next batch comes, the name of the loss "
        "stands for a new one, and the old one is gone with its graph. What runs after the loop sees the last batch "
        "and nothing else."
    ),
    experiment=(
        "Print a word beside backward() and count the words of one epoch. How many batches does the loader give in "
        "that time?"
    ),
    hints=(
        "Which lines have to run for each batch, and which ones for each epoch?",
        "In Python the body of a loop is what is indented below it. Everything else waits until the loop is over.",
        "Compare the indentation of the line that computes the loss with that of Tensor.backward.",
    ),
    explains=("accuracy-below-threshold", "loss-not-decreasing", "step-outside-batch-loop"),
)
def backward_outside_batch_loop(evidence: Evidence) -> Iterator[Sign]:
    """The forwards of one line, ready to be trained on: one in each pass was, and all others of the pass were not."""
    trace = evidence.trace
    assert trace is not None
    batches = trace.batches_per_epoch or 0
    trained = [group for group in trace.forwards if group.trained]
    if batches < FEWEST_BATCHES or len(trained) != 1 or trace.backwards.total != trained[0].calls:
        return
    [once] = trained
    lost = _lost(trace, once.line)
    if once.calls == once.passes >= FEWEST_PASSES and lost == (batches - 1) * once.calls:
        yield sign(trace.backwards.line, count=lost, of=lost + once.calls, batches=batches)


def _lost(trace: Trace, line: int | None) -> int:
    """Forwards on that line in training mode and with a graph, which nothing went back through."""
    groups = (group for group in trace.forwards if group.line == line and not group.trained)
    return sum(group.calls for group in groups if group.training and group.grad_enabled)
