"""Whether one loss call after another met the very same batch: while a loader gave others, or cut anew."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import TypeVar

from torch import Tensor

Kept = TypeVar("Kept")

#: forwards that are remembered until their loss comes
WAITING = 16
#: a cut is a small part: the whole it was cut from has at least so many times its rows
SMALL = 8


@dataclass(frozen=True)
class Cut:
    """Some rows of a larger tensor: of which, how many, and beginning where."""

    base: weakref.ref[Tensor]
    shape: tuple[int, ...]
    offset: int

    def is_like(self, other: Cut | None) -> bool:
        """Whether another cut has the same rows of the same tensor."""
        return other is not None and (self.shape, self.offset) == (other.shape, other.offset) and self._shares(other)

    def _shares(self, other: Cut) -> bool:
        base = self.base()
        return base is not None and base is other.base()


@dataclass(frozen=True)
class Met:
    """What a loss call met: the model's input and the target, as tensors and as cuts."""

    samples: weakref.ref[Tensor]
    target: weakref.ref[Tensor]
    cut: Cut | None


class Repeats:
    """The book of batches that came again."""

    def __init__(self) -> None:
        self._entered: dict[int, tuple[weakref.ref[Tensor], Cut | None]] = {}
        self._last: Met | None = None
        self._yielded = False
        self._looked = 0
        #: the same tensors again although a loader had given a batch; new cuts of the same rows
        self._kept, self._cut = 0, 0
        self._line: int | None = None
        self._rows, self._of = 0, 0

    def yielded(self) -> None:
        """A loader gave a batch."""
        self._yielded = True

    def entered(self, number: int, samples: Tensor | None) -> None:
        """A forward that may be trained on begins."""
        if samples is None:
            return
        keep_waiting(self._entered, number, (weakref.ref(samples), cut_of(samples)))

    def judged(self, number: int, target: object, line: int | None) -> None:
        """A loss in a graph compared that forward's output with a target."""
        entered = self._entered.get(number)
        if entered is None or not isinstance(target, Tensor):
            return
        met = Met(entered[0], weakref.ref(target), entered[1])
        if self._last is not None:
            self._looked += 1
            self._compare(met, self._last, line)
        self._last, self._yielded = met, False

    def _compare(self, met: Met, last: Met, line: int | None) -> None:
        samples, target = met.samples(), met.target()
        if samples is None or target is None:
            return
        if samples is last.samples() and target is last.target():
            self._kept += self._yielded
            self._line = line
        elif met.cut is not None and met.cut.is_like(last.cut):
            base = met.cut.base()
            self._cut += 1
            self._line = line
            self._rows, self._of = met.cut.shape[0], len(base) if base is not None else 0

    def as_dict(self) -> dict[str, object]:
        return {"looked": self._looked, "kept": self._kept, "cut": self._cut, "line": self._line,
                "rows": self._rows, "of": self._of}  # fmt: skip


def keep_waiting(book: dict[int, Kept], number: int, value: Kept) -> None:
    """Remember something of a forward until its loss comes; of too many the oldest is forgotten."""
    if len(book) >= WAITING:
        del book[next(iter(book))]
    book[number] = value


def cut_of(samples: Tensor) -> Cut | None:
    """The rows that a tensor is of a much larger one; None for a tensor of its own, or a large part."""
    base = samples._base
    if base is None or not samples.dim() or samples.shape[1:] != base.shape[1:]:
        return None
    if not 0 < SMALL * len(samples) <= len(base):
        return None
    return Cut(weakref.ref(base), tuple(samples.shape), int(samples.storage_offset()))
