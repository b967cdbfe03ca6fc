"""Cross-entropy receives probabilities where it expects logits."""

from __future__ import annotations

import math
from collections.abc import Iterator

from grader import Evidence, LossCall, Severity, Sign, check, sign

#: what the worker calls a log-softmax of a softmax
TWICE = "LogSoftmaxBackward0 of SoftmaxBackward0"


@check(
    group="loss",
    severity=Severity.ERROR,
    title="Softmax is applied twice: once before the loss, once inside it",
    message=(
        "The cross-entropy loss ({line}) received rows of {classes} probabilities in {count} of {of} calls "
        "that were looked at. With softmax taken twice it cannot fall below {floor}."
    ),
    why=(
        "nn.CrossEntropyLoss applies softmax itself and expects the raw outputs of the last layer, the "
        "logits. Values between 0 and 1 look almost equal to it: the gradients become small, the loss stays "
        "high, and the model learns slowly."
    ),
    experiment=(
        "Print one row of what goes into the loss, and its sum. Then compare the loss of the last epoch with "
        "the floor above."
    ),
    hints=(
        "What kind of numbers does this loss expect: probabilities, or numbers of any size?",
        "Probabilities are for people and for reports. The loss works on what comes before them.",
        "Read the first paragraph of torch.nn.CrossEntropyLoss, and look where torch.softmax stands in the "
        "model or in the loop.",
    ),
    explains=("accuracy-below-threshold", "loss-not-decreasing"),
)
def softmax_before_cross_entropy(evidence: Evidence) -> Iterator[Sign]:
    """Rows that are not negative and sum to 1, in most calls that took part in training.

    A cross-entropy in two parts gives the rows away by the graph: what log-softmax was taken of was a softmax.
    """
    trace = evidence.trace
    assert trace is not None
    for call in trace.loss_calls:
        rows = _rows_of_probabilities(call)
        if call.with_graph and call.classes > 1 and call.mostly(rows) and not call.swapped:
            floor = round(math.log(1 + (call.classes - 1) / math.e), 3)
            yield sign(call.line, count=rows, of=call.looked, classes=call.classes, floor=floor)
            return


def _rows_of_probabilities(call: LossCall) -> int:
    """In how many of the calls that were looked at the loss, whole or in two parts, took a softmax of one."""
    if call.function == "cross_entropy":
        return call.probability_rows
    return call.producer_count if call.function == "nll_loss" and call.producer == TWICE else 0
