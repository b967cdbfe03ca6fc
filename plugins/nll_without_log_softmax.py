"""The negative log-likelihood receives something that is not a log-probability."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Severity, Sign, check, sign


@check(
    group="loss",
    severity=Severity.ERROR,
    title="NLLLoss receives values that are not log-probabilities",
    message=(
        "The loss ({line}) received rows that are not log-probabilities in {count} of {of} calls that were "
        "looked at: their exponentials do not sum to 1."
    ),
    why=(
        "nn.NLLLoss takes one number from each row and changes its sign, nothing more. Given raw outputs the "
        "loss falls without end while these numbers grow; given probabilities it can only lie between -1 and "
        "0. Neither measures how good a prediction is."
    ),
    experiment=(
        "Print the loss over a few epochs. Can a loss that measures mistakes be negative? Then print the sum "
        "of the exponentials of one row that goes into it."
    ),
    hints=(
        "What does the log in the name of this loss refer to, and who computes it?",
        "There are two good pairs: logits with one loss, log-probabilities with the other.",
        "Compare torch.nn.NLLLoss with torch.nn.CrossEntropyLoss, and read about torch.nn.functional.log_softmax.",
    ),
    explains=("accuracy-below-threshold", "loss-diverged", "loss-not-decreasing"),
)
def nll_without_log_softmax(evidence: Evidence) -> Iterator[Sign]:
    """Rows that are no log-probabilities, in most calls that took part in training.

    In half precision the rows of a log-softmax are not exact: there the name of the operation decides.
    """
    trace = evidence.trace
    assert trace is not None
    for call in trace.loss_calls:
        trained = call.function == "nll_loss" and call.with_graph and call.classes > 1
        wrong = call.looked - call.log_probability_rows
        if trained and call.mostly(wrong) and not call.producer.startswith("LogSoftmax"):
            yield sign(call.line, count=wrong, of=call.looked)
            return
