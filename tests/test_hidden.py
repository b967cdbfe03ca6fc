"""Hidden images: foreseen by nobody without the secret, and close to the public ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from grader.data import drawing, files, hidden
from grader.data.digits import DigitsProvider
from grader.data.mnist import MnistProvider


def test_the_secret_and_the_exercise_decide() -> None:
    """The same secret and exercise give the same numbers; another of either gives others."""
    first = hidden.generator(b"secret", "digest").random(4)
    assert np.array_equal(first, hidden.generator(b"secret", "digest").random(4))
    assert not np.array_equal(first, hidden.generator(b"Secret", "digest").random(4))
    assert not np.array_equal(first, hidden.generator(b"secret", "Digest").random(4))


def test_labels_follow_their_images() -> None:
    """Each image is chosen at most once and keeps its label."""
    images = np.zeros((50, 28, 28), dtype=np.uint8)
    images[:, 8:20, 8:20] = (np.arange(50, dtype=np.uint8) * 5)[:, None, None]
    chosen, labels = hidden.warped(images, np.arange(50), np.random.default_rng(0), 40)
    assert chosen.shape == (40, 28, 28) and chosen.dtype == np.uint8
    assert len(set(labels.tolist())) == 40
    middle = chosen[:, 12:16, 12:16].mean((1, 2))
    assert np.abs(middle - labels * 5).max() < 4


def test_no_warp_is_no_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """With every limit at zero the interpolation gives the images back, pixel by pixel."""
    for name in ("ROTATION", "SIZE", "SHEAR", "SHIFT", "NOISE"):
        monkeypatch.setattr(hidden, name, 0.0)
    images, _ = drawing.draw(np.random.default_rng(1), 20)
    chosen, found = hidden.warped(images, np.arange(20), np.random.default_rng(2), 20)
    assert np.array_equal(chosen, images[found])


def test_a_shift_moves_the_image(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bilinear interpolation: half a pixel to the side is the mean of two neighbours; black comes in."""
    images = np.full((1, 28, 28), 200, dtype=np.uint8)
    moved = hidden._sample(images, np.eye(2, dtype=np.float32)[None], np.array([[0.0, 0.5]], dtype=np.float32))
    assert np.allclose(moved[0, :, :27], 200)
    assert np.allclose(moved[0, :, 27], 100)
    far = hidden._sample(images, np.eye(2, dtype=np.float32)[None], np.array([[40.0, -40.0]], dtype=np.float32))
    assert np.allclose(far, 0, atol=0.5)


def test_no_hidden_image_is_a_public_one() -> None:
    """Each image differs from the one it was made of, yet stays like it."""
    images, _ = drawing.draw(np.random.default_rng(1), 60)
    chosen, found = hidden.warped(images, np.arange(60), np.random.default_rng(2), 60)
    for image, number in zip(chosen, found, strict=True):
        public = images[number]
        assert not np.array_equal(image, public)
        assert np.corrcoef(image.ravel(), public.ravel())[0, 1] > 0.9


@pytest.mark.mnist
def test_hidden_mnist(mnist_root: Path) -> None:
    """5,000 warped test images, the same for the same secret, every digit among them."""
    dataset = MnistProvider().open(mnist_root)
    assert dataset is not None
    images, labels = dataset.hidden(b"secret", "digest", 5000)
    again, _ = dataset.hidden(b"secret", "digest", 5000)
    assert images.shape == (5000, 28, 28)
    assert np.array_equal(images, again)
    assert np.bincount(labels, minlength=10).min() > 400


def test_hidden_digits_are_in_no_file() -> None:
    """Drawn from the secret: not among those that the jail may read."""
    dataset = DigitsProvider().open(None)
    images, labels = dataset.hidden(b"secret", "digest", 500)
    assert np.bincount(labels).tolist() == [50] * 10
    parts = [files.read_split(dataset.folder, split)[0] for split in files.SPLITS]
    public = {image.tobytes() for part in parts for image in part}
    assert not any(image.tobytes() in public for image in images)
