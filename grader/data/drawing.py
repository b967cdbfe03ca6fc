"""Random numbers -> digits as a hand writes them: strokes that bend, lean, thicken, and a little noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .skeletons import SKELETONS, Skeleton

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from . import Hidden

SIDE = 28
#: points that stand for one digit, evenly along its strokes
POINTS = 72
#: waves of which the bending of a stroke is made, and their largest sway in parts of the box
WAVES = 3
SWAY = 0.062
ROTATION = 0.24
SLANT = 0.3
NOISE = 6.0
CHUNK = 500


def draw(random: np.random.Generator, count: int) -> Hidden:
    """Images uint8 (count, 28, 28), white on black, and labels (count,), every digit equally often."""
    labels = random.permutation(np.arange(count) % len(SKELETONS))
    table = [np.stack([_points(way) for way in ways]) for ways in SKELETONS]
    parts = [_images(random, table, labels[start : start + CHUNK]) for start in range(0, count, CHUNK)]
    return np.concatenate(parts), labels.astype(np.int64)


def _points(skeleton: Skeleton) -> NDArray[np.float32]:
    """Points (POINTS, 2) at even distances along the strokes, shared out by their lengths."""
    strokes = [np.array(stroke) for stroke in skeleton]
    lengths = [np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(stroke, axis=0).T))]) for stroke in strokes]
    total = sum(length[-1] for length in lengths)
    ends = np.rint(np.cumsum([0.0] + [length[-1] for length in lengths]) / total * POINTS).astype(int)
    pieces = []
    for stroke, length, share in zip(strokes, lengths, np.diff(ends), strict=True):
        at = np.linspace(0, length[-1], share)
        pieces.append(np.stack([np.interp(at, length, stroke[:, axis]) for axis in (0, 1)], axis=1))
    return np.concatenate(pieces).astype(np.float32) - np.float32(0.5)


def _images(
    random: np.random.Generator, table: list[NDArray[np.float32]], labels: NDArray[np.int64]
) -> NDArray[np.uint8]:
    points = np.stack([table[label][random.integers(len(table[label]))] for label in labels])
    points = _placed(random, _bent(random, points))
    gray = _inked(random, points)
    noise = random.standard_normal(gray.shape, dtype=np.float32) * np.float32(NOISE)
    return np.clip(np.rint(gray + noise), 0, 255).astype(np.uint8)


def _bent(random: np.random.Generator, points: NDArray[np.float32]) -> NDArray[np.float32]:
    """An elastic distortion: every point sways along a few slow waves over the page."""
    count = len(points)
    shape = (count, WAVES, 2)
    waves = random.uniform(-5.0, 5.0, shape).astype(np.float32)
    phase = random.uniform(0, 2 * np.pi, (count, 1, WAVES)).astype(np.float32)
    sway = random.uniform(-SWAY, SWAY, shape).astype(np.float32)
    bent = points + np.sin(points @ waves.transpose(0, 2, 1) + phase) @ sway
    return np.asarray(bent, dtype=np.float32)


def _placed(random: np.random.Generator, points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Lean, turn, stretch, then put the digit near the middle of the page; in pixels."""
    count = len(points)
    angle = random.uniform(-ROTATION, ROTATION, count)
    slant = random.uniform(-SLANT / 3, SLANT, count)
    width, height = random.uniform(13, 19, count), random.uniform(17, 21, count)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    lean = np.array([[width, -slant * width], [np.zeros(count), height]])
    matrix = np.einsum("ijn,jkn->nik", turn, lean).astype(np.float32)
    placed = points @ matrix.transpose(0, 2, 1)
    # the middle of the box, as in MNIST, and a little off it
    middle = (placed.max(axis=1, keepdims=True) + placed.min(axis=1, keepdims=True)) / 2
    shift = random.uniform(-1.1, 1.1, (count, 1, 2)).astype(np.float32)
    return np.asarray(placed - middle + shift + np.float32((SIDE - 1) / 2), dtype=np.float32)


def _inked(random: np.random.Generator, points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Gray 0 to 255 (count, 28, 28): a soft pen that saturates where it has passed.

    A Gaussian blot is a product of one in x and one in y, so that all blots of a digit are one product of
    matrices.
    """
    count = len(points)
    pen = random.uniform(0.6, 1.1, (count, 1, 1)).astype(np.float32)
    axis = np.arange(SIDE, dtype=np.float32)
    across, down = (np.exp(-(((points[..., k, None] - axis) / pen) ** 2) / 2) for k in (0, 1))
    ink = down.transpose(0, 2, 1) @ across
    strength = random.uniform(0.8, 1.4, (count, 1, 1)).astype(np.float32)
    return np.asarray(255 * (1 - np.exp(-strength * ink)), dtype=np.float32)
