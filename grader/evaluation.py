"""Hidden test: images go into a jail, logits come out, labels stay here and are compared."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from .model import Evaluation, Logits

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: reasons that lie in what was handed in; any other means that the grader could not tell
AT_FAULT = ("no-model", "wrong-shape", "not-finite", "raised", "model-raised", "worker-died", "no-answer")


def compare(
    logits: Logits, labels: NDArray[np.int64], *, dataset: str, threshold: float, classes: int = 10
) -> Evaluation:
    """Logits (images, classes) against labels (images,) -> accuracy in 0 to 1 and a confusion table."""
    blank = Evaluation(dataset=dataset, images=len(labels), threshold=threshold)
    if logits.values is None:
        return _unusable(blank, logits.reason or "no-answer", logits.detail)
    if logits.values.shape != (len(labels), classes):
        return _unusable(blank, "wrong-shape", f"{logits.values.shape} for {(len(labels), classes)}")
    return _score(blank, logits.values, labels, classes)


def accuracy_of(logits: Logits, labels: NDArray[np.int64], classes: int) -> float | None:
    """Over the images that labels are given for; None where an answer cannot be used."""
    values = _usable(logits, labels, classes)
    return None if values is None else float((values.argmax(axis=1) == labels).mean())


def with_losses(found: Evaluation, last: Logits, first: Logits, labels: NDArray[np.int64], classes: int) -> Evaluation:
    """The same with the losses of the trained and of the first weights on the images that `labels` are of."""
    ends = [_cross_entropy(logits, labels, classes) for logits in (last, first)]
    return replace(found, loss=ends[0], first_loss=ends[1], guessing=math.log(classes))


def _cross_entropy(logits: Logits, labels: NDArray[np.int64], classes: int) -> float | None:
    """The mean over the images that labels are given for; None where an answer cannot be used."""
    import numpy as np

    values = _usable(logits, labels, classes)
    if values is None:
        return None
    wide = values.astype(np.float64)
    wide -= wide.max(axis=1, keepdims=True)
    losses = np.log(np.exp(wide).sum(axis=1)) - wide[np.arange(len(labels)), labels]
    return round(float(losses.mean()), 6)


def _usable(logits: Logits, labels: NDArray[np.int64], classes: int) -> NDArray[np.float32] | None:
    """The rows that labels are given for."""
    import numpy as np

    values = logits.values
    if values is None or values.ndim != 2 or values.shape[1] != classes or not 0 < len(labels) <= len(values):
        return None
    return values[: len(labels)] if np.isfinite(values).all() else None


def _unusable(blank: Evaluation, reason: str, detail: str) -> Evaluation:
    return Evaluation(
        blank.dataset,
        blank.images,
        blank.threshold,
        reason=reason,
        at_fault=reason in AT_FAULT,
        detail=detail,
    )


def _score(blank: Evaluation, values: NDArray[np.float32], labels: NDArray[np.int64], classes: int) -> Evaluation:
    import numpy as np

    if not np.isfinite(values).all():
        return _unusable(blank, "not-finite", "")
    predicted = values.argmax(axis=1)
    table = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(table, (labels, predicted), 1)
    return Evaluation(
        blank.dataset,
        blank.images,
        blank.threshold,
        accuracy=float((predicted == labels).mean()),
        confusion=tuple(tuple(int(count) for count in row) for row in table),
        constant=bool((predicted == predicted[0]).all()),
    )
