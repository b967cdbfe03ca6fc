"""What a model says about public images -> the mistakes that it is most sure of, small enough for a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .model import Logits, Mistake

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .data import Hidden

#: images that are asked about, and mistakes that are kept
IMAGES, KEPT = 500, 6


def sample(public: Hidden) -> Hidden:
    """At most 500 images and labels, from all over the set, always the same."""
    images, labels = public
    every = max(1, len(images) // IMAGES)
    return images[::every][:IMAGES], labels[::every][:IMAGES]


def most_confident(logits: Logits, shown: Hidden) -> tuple[Mistake, ...]:
    """Logits (n, classes) for images (n, height, width): the surest mistakes first, each pair of classes once."""
    import numpy as np

    images, labels = shown
    values = logits.values
    if values is None or len(values) != len(labels) or not np.isfinite(values).all():
        return ()
    chances = probabilities(values)
    said = values.argmax(axis=1)
    # rounded, so that the last bits of a sum do not decide what is shown
    sure = np.round(chances[np.arange(len(said)), said], 3)
    wrong = sorted(np.flatnonzero(said != labels), key=lambda index: (-sure[index], index))
    found = {(int(labels[index]), int(said[index])): index for index in reversed(wrong)}
    chosen = [index for index in wrong if found[int(labels[index]), int(said[index])] == index][:KEPT]
    return tuple(
        Mistake(int(labels[index]), int(said[index]), float(sure[index]), rows(images[index])) for index in chosen
    )


def probabilities(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Softmax of each row; rows that are probabilities already stay as they are."""
    import numpy as np

    wide = values.astype(np.float64)
    if (wide >= 0).all() and np.allclose(wide.sum(axis=1), 1, atol=1e-3):
        return wide
    powers = np.exp(wide - wide.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def rows(image: NDArray[np.uint8]) -> tuple[str, ...]:
    """Grays from 0 to 255 in four levels, a digit for each pixel."""
    return tuple("".join(str(int(gray) // 64) for gray in row) for row in image)
