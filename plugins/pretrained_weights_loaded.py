"""The model knew its task before the training began, from a file."""

from __future__ import annotations

import math
from collections.abc import Iterator

from grader import Evidence, LossCall, Severity, Sign, Trace, check, sign

#: a model that knows nothing has a loss near ln(classes)
KNOWS = 0.5


@check(
    group="integrity",
    severity=Severity.ERROR,
    title="The model was already trained when the training began",
    message=(
        "Weights were loaded from a file ({line}), and the very first loss of the training was {first}. A model "
        "that knows nothing of {classes} classes begins near {expected}."
    ),
    why=(
        "This exercise is about the training itself. Weights that were found elsewhere show what another "
        "program has learned, and not whether this loop works: it could be wrong from end to end, and the "
        "model would still be good."
    ),
    experiment=(
        "Leave out the line that loads the weights and run the program again. What is the accuracy after the "
        "first epoch now?"
    ),
    hints=(
        "Where do the weights come from that the first batch is computed with?",
        "For this exercise the model begins with random weights, and the loop does the rest.",
        "Look for torch.load and torch.nn.Module.load_state_dict before the loop.",
    ),
)
def pretrained_weights_loaded(evidence: Evidence) -> Iterator[Sign]:
    """Only where an exercise asks for training from scratch: elsewhere fine-tuning is a fine thing."""
    trace = evidence.trace
    assert trace is not None
    files = trace.happenings.files
    if not evidence.exercise.asks_for("pretrained-weights-loaded") or not files.count:
        return
    first = _first_loss(trace)
    if first is not None and first.first_value is not None:
        expected = math.log(first.classes)
        if first.first_value < KNOWS * expected:
            value = round(first.first_value, 3)
            yield sign(files.line, first=value, classes=first.classes, expected=round(expected, 2))


def _first_loss(trace: Trace) -> LossCall | None:
    """The first loss over classes that was trained on."""
    losses = (call for call in trace.loss_calls if call.function == "cross_entropy")
    return next(
        (call for call in losses if call.with_graph and call.classes > 1 and call.first_value is not None), None
    )
