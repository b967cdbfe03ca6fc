"""Dropout goes on dropping while the model is evaluated."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Severity, Sign, check, sign

#: a single look at an example does no harm
FEWEST_CALLS = 2


@check(
    group="mode",
    severity=Severity.ERROR,
    title="Dropout stays active in the evaluation",
    message=(
        "{count} times the model was in evaluation mode and dropout ({line}) was active all the same, because that "
        "call does not learn of the mode."
    ),
    why=(
        "Dropout switches units off at random so that training does not lean on a few of them. An evaluation wants "
        "the whole network. With dropout still active the accuracy is too low, and it is another one each time, "
        "although nothing has changed."
    ),
    experiment=(
        "Call eval() and send the same batch through the model twice. Are the two outputs equal? Then compare them "
        "with dropout taken out."
    ),
    hints=(
        "Who tells dropout whether the model is being trained, and does this call hear of it?",
        "eval() reaches the layers that the model holds as attributes. A function, or a layer that is made inside "
        "forward(), is not among them.",
        "Look at the argument training of torch.nn.functional.dropout, and at torch.nn.Dropout.",
    ),
    explains=("accuracy-below-threshold",),
)
def dropout_always_on(evidence: Evidence) -> Iterator[Sign]:
    """Calls that were not told of a mode, or layers that no model holds, inside a model in evaluation mode.

    Dropout that is asked for on purpose says so: `training=True`, or a layer that was set to train.
    """
    trace = evidence.trace
    assert trace is not None
    seen = trace.dropout_in_evaluation
    if seen.count >= FEWEST_CALLS:
        yield sign(seen.line, count=seen.count)
