"""The trained model is not good enough on images that it has never seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from grader import Basis, Evaluation, Evidence, Severity, Sign, check, sign


@check(
    group="evaluation",
    severity=Severity.ERROR,
    title="The trained model recognises too few new images",
    message=(
        "On {images} images that the model had never seen, its accuracy was {accuracy} %. The exercise asks "
        "for {threshold} %."
    ),
    why=(
        "What a model does with its training data does not tell whether it has learned anything. Only "
        "examples that it has never seen show it, and they were kept apart for this. An accuracy near that "
        "of guessing means that hardly anything was learned; one just below the mark needs better training."
    ),
    experiment=(
        "Measure the accuracy on the training data in the same way. If it is low there, too, the model has "
        "not learned enough; if it is high, it has learned by heart."
    ),
    hints=(
        "Was the loss still falling when the training ended?",
        "More epochs, another learning rate, another optimizer or more hidden units: change one at a time.",
        "Look at lr in torch.optim.Adam or torch.optim.SGD, at the range(...) of the epochs, and at the "
        "sizes of torch.nn.Linear.",
    ),
    needs=("evaluation",),
    basis=Basis.RECOMPUTED,
)
def accuracy_below_threshold(evidence: Evidence) -> Iterator[Sign]:
    """The number that the trusted side computed; a model that cannot answer recognises nothing."""
    evaluation = evidence.evaluation
    assert evaluation is not None
    accuracy = evaluation.accuracy or 0.0
    if accuracy < evaluation.threshold:
        yield sign(
            images=evaluation.images,
            accuracy=round(100 * accuracy, 2),
            threshold=round(100 * evaluation.threshold, 2),
            measured={"earned": _earned(evidence, evaluation, accuracy)},
        )


def _earned(evidence: Evidence, evaluation: Evaluation, accuracy: float) -> float:
    """The share of the points: nothing at `zero_at`, all at the threshold, a straight line between."""
    lines = (line for line in evidence.exercise.rubric if "accuracy-below-threshold" in line.checks)
    settings: Mapping[str, object] = next((line.settings for line in lines), {})
    zero_at = settings.get("zero_at")
    start = zero_at.get(evaluation.dataset) if isinstance(zero_at, Mapping) else None
    if not isinstance(start, int | float) or start >= evaluation.threshold:
        return 0.0
    return round(max(0.0, (accuracy - start) / (evaluation.threshold - start)), 4)
