"""Public test images -> hidden ones: a small affine warp and noise, drawn from a secret."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from . import Hidden

#: largest rotation in radians, change of size, shear, shift in pixels; spread of the noise in gray levels.
#: Small enough that a network with one hidden layer loses about one point in a hundred by them.
ROTATION = 0.04
SIZE = 0.02
SHEAR = 0.02
SHIFT = 0.3
NOISE = 4.0
CHUNK = 500


def generator(secret: bytes, exercise_digest: str) -> np.random.Generator:
    """Random numbers that nobody can foresee without the secret: seeded by HMAC(secret, exercise digest)."""
    code = hmac.new(secret, exercise_digest.encode(), hashlib.sha256).digest()
    return np.random.default_rng(int.from_bytes(code, "big"))


def warped(images: NDArray[np.uint8], labels: NDArray[np.int64], random: np.random.Generator, count: int) -> Hidden:
    """Choose `count` images (n, side, side) without repeating one, and warp each in its own way."""
    chosen = random.permutation(len(images))[:count]
    matrices, shifts = _affine(random, len(chosen))
    parts = [
        _noisy(_sample(images[chosen[start : start + CHUNK]], matrices[start:], shifts[start:]), random)
        for start in range(0, len(chosen), CHUNK)
    ]
    return np.concatenate(parts), labels[chosen]


def kept(images: NDArray[np.uint8], labels: NDArray[np.int64]) -> Hidden:
    """Images and labels that can be handed to several: nobody writes to them any more."""
    for values in (images, labels):
        values.setflags(write=False)
    return images, labels


def _affine(random: np.random.Generator, count: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Matrices (count, 2, 2) and shifts (count, 2): from a pixel's place to where its gray comes from."""
    angle, shear = (random.uniform(-limit, limit, count) for limit in (ROTATION, SHEAR))
    size = random.uniform(1 - SIZE, 1 + SIZE, (2, count))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    stretch = np.array([[size[0], shear], [np.zeros(count), size[1]]])
    shifts = random.uniform(-SHIFT, SHIFT, (count, 2))
    return np.einsum("ijn,jkn->nik", turn, stretch).astype(np.float32), shifts.astype(np.float32)


def _sample(
    images: NDArray[np.uint8], matrices: NDArray[np.float32], shifts: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Bilinear interpolation; what lies outside of an image is black."""
    count, side, _ = images.shape
    middle = np.float32((side - 1) / 2)
    axis = np.arange(side, dtype=np.float32) - middle
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    places = grid @ matrices[:count].transpose(0, 2, 1) + shifts[:count, None] + middle
    # a black frame of one pixel stands for everything outside
    framed = np.pad(images, ((0, 0), (1, 1), (1, 1))).astype(np.float32)
    places = np.clip(places + 1, 0, side + 0.999)
    corner = places.astype(np.int64)
    part = places - corner
    flat, row = framed.reshape(count, -1), side + 2
    index = corner[..., 0] * row + corner[..., 1]
    top, left = 1 - part[..., 0], 1 - part[..., 1]
    weights = (top * left, top * part[..., 1], part[..., 0] * left, part[..., 0] * part[..., 1])
    gray = sum(
        weight * np.take_along_axis(flat, index + step, axis=1)
        for weight, step in zip(weights, (0, 1, row, row + 1), strict=True)
    )
    return np.asarray(gray, dtype=np.float32).reshape(count, side, side)


def _noisy(gray: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.uint8]:
    noise = random.standard_normal(gray.shape, dtype=np.float32) * np.float32(NOISE)
    return np.clip(np.rint(gray + noise), 0, 255).astype(np.uint8)
