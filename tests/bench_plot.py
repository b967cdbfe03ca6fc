"""Ratios as an SVG of bars, drawn without a plotting library."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

WIDTH, LABEL, ROW, EDGE = 720, 320, 26, 12


def bars(ratios: Sequence[tuple[str, float]]) -> str:
    """A bar for each (what, ratio); the longest fills the width."""
    longest = max(ratio for _, ratio in ratios)
    room = WIDTH - LABEL - 70
    height = 2 * EDGE + ROW * len(ratios)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif"'
        ' font-size="13" role="img" aria-label="cost beside a bare run">'
    ]
    for index, (what, ratio) in enumerate(ratios):
        top = EDGE + index * ROW
        length = max(1.0, ratio / longest * room)
        lines += [
            f'<text x="{LABEL - 8}" y="{top + 16}" text-anchor="end" fill="currentColor">{escape(what)}</text>',
            f'<rect x="{LABEL}" y="{top + 4}" width="{length:.1f}" height="{ROW - 10}" fill="#4477aa"/>',
            f'<text x="{LABEL + length + 6:.1f}" y="{top + 16}" fill="currentColor">{ratio:.2f}</text>',
        ]
    return "\n".join([*lines, "</svg>", ""])
