"""The first loss is far above that of a model that knows nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator

from grader import Evidence, Severity, Sign, check, sign

#: a fresh model with usual initialisation stays within a third of ln(classes)
TOLERANCE = 1.3


@check(
    group="loss",
    severity=Severity.NOTE,
    title="The first loss is higher than that of a blind guess",
    message=(
        "The first loss ({line}) was {first}. A model that holds all {classes} classes for equally likely "
        "would have {expected}."
    ),
    why=(
        "Before training, a model should know nothing and be sure of nothing. A first loss far above that of "
        "an even guess means that it is sure of wrong answers: inputs that are very large, or weights that "
        "start very large. The first steps are then spent on undoing this."
    ),
    experiment=(
        "Print the smallest and largest input of one batch, and the smallest and largest output of the "
        "untrained model for it."
    ),
    hints=(
        "What is the logarithm of the number of classes, and why should the loss start there?",
        "Pixels between 0 and 255 make outputs about a hundred times as large as pixels between 0 and 1.",
        "Look at torchvision.transforms.ToTensor and torchvision.transforms.Normalize, or at torch.nn.init.",
    ),
)
def initial_loss_far_off(evidence: Evidence) -> Iterator[Sign]:
    """Only a loss that starts too high: a low one may come from weights that were trained before.

    A loss that is summed and not averaged starts as many times higher as the batch has samples.
    """
    trace = evidence.trace
    assert trace is not None
    for call in trace.loss_calls:
        if call.function == "cross_entropy" and call.with_graph and call.classes > 1 and call.first_value:
            even = math.log(call.classes)
            summed = even * next(iter(call.input_shape), 1)
            of_a_sum = summed / TOLERANCE < call.first_value < summed * TOLERANCE
            if call.first_value > TOLERANCE * even and not of_a_sum:
                yield sign(call.line, first=call.first_value, classes=call.classes, expected=round(even, 3))
            return
