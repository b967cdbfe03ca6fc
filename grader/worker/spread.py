"""Differences written by hand between a column and a row: every prediction with every target."""

from __future__ import annotations

from typing import Any

from torch import Tensor

#: what may stand between a loss and the difference that it is made of
AROUND = frozenset((
    "MeanBackward0", "MeanBackward1", "SumBackward0", "SumBackward1", "DivBackward0", "MulBackward0", "PowBackward0",
    "AbsBackward0", "SqrtBackward0", "LinalgVectorNormBackward0", "NormBackward0", "NormBackward1",
))  # fmt: skip
MAX_DEPTH = 8


def spread_part(root: Tensor) -> tuple[int, ...]:
    """(n, 1) or (n): n values with a graph that an (n, n) table of differences was made of, with others; else ().

    Pairwise differences of outputs among themselves have a graph on both sides, and are left alone.
    """
    node: Any = root.grad_fn
    for _ in range(MAX_DEPTH):
        if node is None:
            return ()
        before = {following for following, _ in node.next_functions if following is not None}
        if len(before) != 1:
            return ()
        [following] = before
        if type(node).__name__ == "SubBackward0":
            return _table(_shape(node), _shape(following))
        if type(node).__name__ not in AROUND:
            return ()
        node = following
    return ()


def _table(whole: tuple[int, ...], part: tuple[int, ...]) -> tuple[int, ...]:
    """The part that made a table (n, n) of itself; () where it made none."""
    if len(whole) != 2 or whole[0] != whole[1] or whole[0] < 2:
        return ()
    return part if part in ((whole[0], 1), (whole[0],)) else ()


def _shape(node: Any) -> tuple[int, ...]:
    """The shape of what a node computed; () where torch does not tell."""
    described = getattr(node, "_input_metadata", None)
    return tuple(described[0].shape) if described else ()
