"""Asked about new images, the trained model gives no answer that can be read."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Basis, Evidence, Severity, Sign, check, sign


@check(
    group="evaluation",
    severity=Severity.ERROR,
    title="The trained model gives no usable answer for new images",
    message="Asked about {images} new images, the model gave no usable answer: {reason}.",
    why=(
        "To measure the accuracy, the grader shows the trained model images of its own, prepared in the way "
        "your program prepares them, and expects one finite number for each class. Without them nothing can "
        "be said about what the model has learned."
    ),
    experiment=(
        "After the training, give the model one batch that it was not trained on and print the shape of the "
        "output, and whether all of its values are finite."
    ),
    hints=(
        "Is the model still there at the end of the program, and what shape does it give back for one batch?",
        "Values that are not finite come from weights that are not finite: look at the loss in the last steps.",
        "Tensor.shape and torch.isfinite show both; torch.nn.Module.forward decides what comes back.",
    ),
    explains=("accuracy-below-threshold",),
    needs=("evaluation",),
    basis=Basis.RECOMPUTED,
)
def unusable_answers(evidence: Evidence) -> Iterator[Sign]:
    """Only where the reason lies in what was handed in."""
    evaluation = evidence.evaluation
    assert evaluation is not None
    if evaluation.accuracy is None and evaluation.at_fault:
        reason = ": ".join(part for part in (evaluation.reason, evaluation.detail) if part)
        yield sign(images=evaluation.images, reason=reason)
