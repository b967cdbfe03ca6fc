"""Updates by hand: whether they go along the gradient or against it."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .ledger import Buffer
from .passes import Pass

#: updates that are looked at, and the most numbers of the parameter that is compared
MAX_LOOKED, MAX_NUMBERS = 16, 65536


@dataclass(frozen=True)
class Before:
    """A parameter as it was when a backward pass was over, and its gradient."""

    leaf: weakref.ref[Tensor]
    values: Tensor
    gradient: Tensor


class Uphill:
    """Compares, from one backward pass to the next, where the smallest parameter went."""

    def __init__(self) -> None:
        self.looked = 0
        self.up = 0
        self._before: Before | None = None

    @property
    def wants(self) -> bool:
        """Whether more is to be looked at."""
        return self.looked < MAX_LOOKED

    @property
    def remembers(self) -> bool:
        """Whether there is something to compare with."""
        return self._before is not None

    def ended(self, running: Pass, buffers: Iterable[Buffer]) -> None:
        """A backward pass is over: remember the smallest parameter that it reached."""
        touched = [leaf for buffer in buffers if running in buffer.passes and (leaf := buffer.ref()) is not None]
        # what a pass through a model reaches beside its parameters are inputs, which an attack makes worse on purpose
        leaves = [leaf for leaf in touched if isinstance(leaf, nn.Parameter) or not running.forwards]
        smallest = min(leaves, key=lambda leaf: leaf.numel(), default=None)
        if smallest is None or smallest.grad is None or smallest.numel() > MAX_NUMBERS:
            return
        self._before = Before(weakref.ref(smallest), smallest.detach().clone(), smallest.grad.detach().clone())

    def look(self) -> None:
        """Something comes after the update, if there was one."""
        before, self._before = self._before, None
        leaf = before.leaf() if before is not None else None
        if before is None or leaf is None or leaf.shape != before.values.shape:
            return
        with torch.no_grad():
            along = float(((leaf - before.values) * before.gradient).sum())
        if along:
            self.looked += 1
            self.up += along > 0

    def as_dict(self) -> dict[str, object]:
        return {"looked": self.looked, "up": self.up}
