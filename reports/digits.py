"""A small image in four grays -> the paths of an SVG; nothing is loaded and nothing is a bitmap."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from grader import Mistake, Result

MAX_SIDE = 64
MAX_SHOWN = 6
GRAYS = {"1": "#666", "2": "#aaa", "3": "#fff"}


@dataclass(frozen=True)
class Drawing:
    """An image as strokes one unit high, by gray, and what the model made of it."""

    mistake: Mistake
    width: int
    height: int
    paths: tuple[tuple[str, str], ...]


def drawings(result: Result) -> tuple[Drawing, ...]:
    """The mistakes that can be drawn."""
    sized = [mistake for mistake in result.mistakes[:MAX_SHOWN] if _is_image(mistake.rows)]
    return tuple(draw(mistake) for mistake in sized)


def draw(mistake: Mistake) -> Drawing:
    """One path for each gray; black is the ground."""
    paths = ((gray, _strokes(mistake.rows, level)) for level, gray in GRAYS.items())
    return Drawing(mistake, len(mistake.rows[0]), len(mistake.rows), tuple(path for path in paths if path[1]))


def _strokes(rows: Sequence[str], level: str) -> str:
    """`M5 7h3`: from column 5 of row 7, three pixels to the right."""
    strokes = []
    for y, row in enumerate(rows):
        x = 0
        for pixel, run in itertools.groupby(row):
            length = len(list(run))
            if pixel == level:
                strokes.append(f"M{x} {y}h{length}")
            x += length
    return "".join(strokes)


def _is_image(rows: Sequence[str]) -> bool:
    wide = len(rows[0]) if rows else 0
    fits = 0 < len(rows) <= MAX_SIDE and 0 < wide <= MAX_SIDE
    return fits and all(len(row) == wide and set(row) <= set("0123") for row in rows)
