"""Cross-entropy receives log-probabilities: harmless, and not needed."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Severity, Sign, check, sign


@check(
    group="loss",
    severity=Severity.NOTE,
    title="Log-softmax before the cross-entropy loss is not needed",
    message=(
        "The cross-entropy loss ({line}) received log-probabilities in {count} of {of} calls that were "
        "looked at. The result is the same as without log-softmax."
    ),
    why=(
        "nn.CrossEntropyLoss applies log-softmax itself, and doing it twice changes nothing. It costs a "
        "little time, and whoever reads the code may take the outputs of the model for something else."
    ),
    experiment=(
        "Compute the loss of one batch with log-softmax in front of it and without, and compare the two "
        "numbers. Then try the same with softmax."
    ),
    hints=(
        "Why does a second log-softmax leave log-probabilities as they are?",
        "There are two good pairs: logits with one loss, log-probabilities with another. Choose one of them.",
        "Compare torch.nn.CrossEntropyLoss with torch.nn.NLLLoss and torch.nn.functional.log_softmax.",
    ),
)
def log_softmax_before_cross_entropy(evidence: Evidence) -> Iterator[Sign]:
    """Rows whose exponentials sum to 1, in most calls that took part in training."""
    trace = evidence.trace
    assert trace is not None
    for call in trace.loss_calls:
        trained = call.function == "cross_entropy" and call.with_graph and call.classes > 1
        if trained and call.mostly(call.log_probability_rows) and not call.swapped:
            yield sign(call.line, count=call.log_probability_rows, of=call.looked)
            return
