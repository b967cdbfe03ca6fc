"""How fast each optimizer was told to learn, and how far its steps went."""

from __future__ import annotations

import math
import statistics
from typing import Any

import torch
from torch import Tensor

from .content import is_plain
from .curve import MAX_POINTS, Curve

#: a rate that is so small a part of the largest moves nothing any more
COLLAPSED = 1e-5
#: so many values of a weight are compared, and so many movements are kept
MAX_VALUES, MAX_MOVEMENTS = 2048, 128


class Rates:
    """The learning rate of an optimizer's first group at each step, and the length of the steps looked at closely."""

    def __init__(self) -> None:
        self.steps = 0
        self.largest: float | None = None
        self.last: float | None = None
        self.changes = 0
        self.collapsed = 0
        self.maximizes = False
        self._curve = Curve()
        self._drawn = 0
        self._same: object = None
        self._low = False
        self._movements: list[float] = []

    def note(self, rate: object) -> None:
        """A step begins with this rate. Almost always it is the very object of the step before."""
        self.steps += 1
        if rate is not self._same:
            self._changed(rate)
        self.collapsed += self._low

    def _changed(self, rate: object) -> None:
        value = float(rate) if isinstance(rate, int | float | Tensor) and _is_single(rate) else math.nan
        if not math.isfinite(value):
            return
        # a tensor may be changed in place
        self._same = None if isinstance(rate, Tensor) else rate
        self._draw(value)
        self.changes += self.last is not None and value != self.last
        self.last = value
        self.largest = max(value, self.largest or 0.0)
        self._low = value < COLLAPSED * self.largest

    def _draw(self, value: float) -> None:
        """A rate that never changes is no curve; one that jumps is drawn as a jump."""
        if value == self.last:
            return
        if self.last is not None and self.steps - 1 > self._drawn:
            self._curve.add(self.steps - 1, self.last)
        self._curve.add(self.steps, value)
        self._drawn = self.steps

    def curve(self) -> list[dict[str, float]]:
        """(step, rate), to the newest step; empty for a rate that never changed."""
        if not self.changes or self.last is None:
            return []
        end = [{"step": self.steps, "value": self.last}] if self.steps > self._drawn else []
        return self._curve.points()[: MAX_POINTS - 1] + end if end else self._curve.points()

    def moved(self, before: tuple[Tensor, Tensor]) -> None:
        """A step is over. `before`: a parameter and some of its values before the step."""
        leaf, values = before
        length = float(values.norm())
        if length and len(self._movements) < MAX_MOVEMENTS:
            movement = float((some_of(leaf) - values).norm()) / length
            if math.isfinite(movement):
                self._movements.append(movement)

    def as_dict(self) -> dict[str, object]:
        movements = self._movements
        return {
            "steps": self.steps,
            "largest": self.largest,
            "changes": self.changes,
            "collapsed": self.collapsed,
            "curve": self.curve(),
            "largest_movement": max(movements, default=None),
            "usual_movement": statistics.median(movements) if movements else None,
        }


def _is_single(rate: object) -> bool:
    return not isinstance(rate, Tensor) or rate.numel() == 1


def some_of(leaf: Tensor) -> Tensor:
    """A copy of some values of a parameter, from all over it."""
    flat = leaf.detach().reshape(-1)
    return flat[:: max(1, flat.numel() // MAX_VALUES)].clone()


def before_step(groups: list[dict[str, Any]]) -> tuple[Tensor, Tensor] | None:
    """A weight of an optimizer and some of its values; None when it has no matrix of plain numbers."""
    for group in groups:
        for leaf in group["params"]:
            if leaf.dim() >= 2 and leaf.requires_grad and is_plain(leaf) and leaf.layout == torch.strided:
                return leaf, some_of(leaf)
    return None
