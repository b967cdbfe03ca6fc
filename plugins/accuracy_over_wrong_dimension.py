"""The prediction is looked for among the samples instead of among the classes."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Severity, Sign, check, sign

FEWEST_CALLS = 2


@check(
    group="evaluation",
    severity=Severity.ERROR,
    title="The largest output is taken over the samples, not over the classes",
    message=(
        "{count} times the maximum of an output of shape (batch, {classes}) was taken over its first dimension "
        "({line}), and for none of these outputs over the classes."
    ),
    why=(
        "Each row of the output belongs to one sample and holds a number for each class. The prediction is the "
        "class with the largest number in that row. Over the first dimension the result names, for each class, a "
        "sample: an accuracy that is computed with it says nothing."
    ),
    experiment=(
        "Print the shape of the outputs, of the predictions and of the targets of one batch. Which two of them "
        "should be equal?"
    ),
    hints=(
        "How many predictions does a batch need: one for each sample, or one for each class?",
        "A reduction over a dimension makes that dimension vanish. The one that stays must be the batch.",
        "Look at the argument dim of torch.argmax and of torch.max.",
    ),
    explains=("crashed",),
)
def accuracy_over_wrong_dimension(evidence: Evidence) -> Iterator[Sign]:
    """Outputs (batch, classes) of a classifier whose maximum was taken over the rows only."""
    trace = evidence.trace
    assert trace is not None
    classes = {call.classes for call in trace.loss_calls if call.classes > 1}
    shape = trace.model.output_shape if trace.model is not None else ()
    seen = trace.over_rows
    enough = seen.count >= FEWEST_CALLS or (len(shape) == 1 and seen.count and _ended_by_it(evidence, shape[0]))
    if enough and len(shape) == 1 and shape[0] in classes:
        yield sign(seen.line, count=seen.count, classes=shape[0])


def _ended_by_it(evidence: Evidence, classes: int) -> bool:
    """The run ended where as many answers as classes met another number of labels."""
    crash = evidence.run.crash
    return crash is not None and "must match" in crash.message and f"({classes})" in crash.message
