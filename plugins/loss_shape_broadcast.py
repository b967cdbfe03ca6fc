"""Prediction and target have shapes that broadcast to something larger than both."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import zip_longest

from grader import BackwardFacts, Evidence, LossCall, Severity, Sign, check, sign

BROADCASTING = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")


@check(
    group="loss",
    severity=Severity.ERROR,
    title="The loss compares every prediction with every target",
    message=(
        "In {count} of {of} calls that were looked at, the loss ({line}) compared predictions of shape "
        "{input} with targets of shape {target}. Broadcasting made {pairs} differences of them."
    ),
    why=(
        "The loss should compare each prediction with its own target. Compared with all of them, the best "
        "answer is the mean of the targets, and that is what the model learns: the same number for every "
        "input."
    ),
    experiment=(
        "Subtract the targets of one batch from the predictions and print the shape of the result. How many "
        "numbers did you expect in it?"
    ),
    hints=(
        "How many samples are in the batch, and how many differences does the loss average?",
        "A column of N numbers and a row of N numbers make a table of N times N.",
        "Make both shapes equal: read about Tensor.squeeze, Tensor.unsqueeze and Tensor.view_as.",
    ),
    explains=("accuracy-below-threshold", "loss-not-decreasing"),
)
def loss_shape_broadcast(evidence: Evidence) -> Iterator[Sign]:
    """Shapes differ, and the result is larger than both; one target for all samples is legal.

    Where the loss is written by hand, the graph shows the table of differences that it was made of.
    """
    trace = evidence.trace
    assert trace is not None
    for call in trace.loss_calls:
        pairs = _pairs(call)
        larger = pairs > max(math.prod(call.input_shape), math.prod(call.target_shape))
        if call.function in BROADCASTING and call.with_graph and call.mostly(call.mismatched) and larger:
            yield sign(
                call.line,
                count=call.mismatched,
                of=call.looked,
                input=str(call.input_shape),
                target=str(call.target_shape),
                pairs=pairs,
            )
            return
    yield from _by_hand(trace.backwards)


def _by_hand(facts: BackwardFacts) -> Iterator[Sign]:
    shape, count = facts.spread_shape, facts.spread.count
    if shape and 2 * count > facts.looked:
        target = shape[:1] if len(shape) > 1 else (*shape, 1)
        yield sign(
            facts.spread.line,
            count=count,
            of=facts.looked,
            input=str(shape),
            target=str(target),
            pairs=shape[0] ** 2,
        )


def _pairs(call: LossCall) -> int:
    """How many elements the two shapes broadcast to."""
    sizes = zip_longest(reversed(call.input_shape), reversed(call.target_shape), fillvalue=1)
    return math.prod(max(left, right) for left, right in sizes)
