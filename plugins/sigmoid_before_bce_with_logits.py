"""A loss on logits receives what a sigmoid has already squeezed."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Severity, Sign, check, sign


@check(
    group="loss",
    severity=Severity.ERROR,
    title="Sigmoid is applied twice: once before the loss, once inside it",
    message=(
        "The loss on logits ({line}) received the output of a sigmoid in {count} of {of} calls that were looked at."
    ),
    why=(
        "nn.BCEWithLogitsLoss applies the sigmoid itself. Taken twice, the model can never be sure: the "
        "inner values end between 0.5 and 0.73, so the loss cannot come near 0 and the gradients stay small."
    ),
    experiment=(
        "Print the smallest and the largest value that goes into the loss in one batch. Then work out what a "
        "sigmoid makes of 0 and of 1."
    ),
    hints=(
        "What does the second half of the name BCEWithLogits say about the numbers it expects?",
        "Logits are the outputs of the last layer, before anything turns them into probabilities.",
        "Compare torch.nn.BCELoss with torch.nn.BCEWithLogitsLoss, and look where torch.sigmoid stands in "
        "the model or in the loop.",
    ),
    explains=("accuracy-below-threshold", "loss-not-decreasing"),
)
def sigmoid_before_bce_with_logits(evidence: Evidence) -> Iterator[Sign]:
    """The operation before the loss decides: logits that happen to lie between 0 and 1 are fine."""
    trace = evidence.trace
    assert trace is not None
    for call in trace.loss_calls:
        squeezed = call.function == "binary_cross_entropy_with_logits" and call.producer == "SigmoidBackward0"
        if squeezed and call.with_graph and call.mostly(call.producer_count):
            yield sign(call.line, count=call.producer_count, of=call.looked)
            return
