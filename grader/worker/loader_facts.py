"""Data loaders: in which order they give what, and how much of it was trained on."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import BatchSampler, SequentialSampler

MAX_LOADERS = 16
#: batches of each loader whose labels are looked at
MAX_LOOKED = 64
#: data sets inside data sets
MAX_DEPTH = 4


class LoaderFacts:
    """All loaders of one line over one data set: the same loader again, or one that is made for each epoch."""

    def __init__(self, loader: Any, line: int | None) -> None:
        self._dataset = _reference(loader.dataset)
        self.line = line
        self.batches = length_of(loader)
        self.samples = length_of(loader.dataset)
        self.batch_size = _batch_size(loader)
        self.sequential = _is_sequential(loader)
        self.drops_last = bool(loader.drop_last)
        self.held_out = _is_held_out(loader.dataset)
        self.passes = 0
        #: of these, by a `for` statement
        self.looped = 0
        self.finished = 0
        #: batches that a backward pass followed, passes with such batches, and the most of them in one pass
        self.trained = 0
        self.trained_passes = 0
        self.most_trained = 0
        #: class numbers that were looked at in order, and how often one differed from the one before it
        self.labels = 0
        self.label_changes = 0
        self._looked = 0
        self._last: Tensor | None = None

    def are_of(self, loader: Any, line: int | None) -> bool:
        """Whether these are the facts of a loader like this one."""
        kind = self.line, self.batch_size, self.sequential
        same = kind == (line, _batch_size(loader), _is_sequential(loader))
        return same and self._dataset() is loader.dataset

    def trained_on(self, number: int) -> None:
        """A batch was trained on, the `number`th of its pass."""
        self.trained += 1
        self.trained_passes += number == 1
        self.most_trained = max(self.most_trained, number)

    def trained_on_many(self, number: int, batches: int) -> None:
        """So many batches were trained on, the last of them the `number`th of its pass."""
        self.trained += batches
        self.most_trained = max(self.most_trained, number)

    @property
    def looks(self) -> bool:
        """Whether the labels of the next batch are to be looked at: one of the first of the first pass."""
        return self.passes == 1 and self._looked < MAX_LOOKED

    def yielded(self, batch: object) -> None:
        """A batch came whose labels are to be looked at."""
        self._looked += 1
        labels = batch[-1] if isinstance(batch, list | tuple) and len(batch) > 1 else None
        if not isinstance(labels, Tensor) or labels.dim() != 1 or labels.is_floating_point() or not len(labels):
            return
        row = labels if self._last is None else torch.cat([self._last, labels])
        self.labels += len(labels)
        self.label_changes += int((row[1:] != row[:-1]).sum())
        self._last = labels[-1:].clone()

    def as_dict(self) -> dict[str, object]:
        names = ("line", "batches", "samples", "batch_size", "sequential", "drops_last", "held_out", "passes", "looped",
                 "finished", "trained", "trained_passes", "most_trained", "labels", "label_changes")  # fmt: skip
        return {name: getattr(self, name) for name in names}


class Loaders:
    """The book of loaders."""

    def __init__(self) -> None:
        self._loaders: list[LoaderFacts] = []

    def started(self, loader: Any, line: int | None) -> LoaderFacts | None:
        """A loader begins a pass."""
        facts = next((known for known in self._loaders if known.are_of(loader, line)), None)
        if facts is None:
            if len(self._loaders) >= MAX_LOADERS:
                return None
            facts = LoaderFacts(loader, line)
            self._loaders.append(facts)
        facts.passes += 1
        return facts

    def as_list(self) -> list[dict[str, object]]:
        return [facts.as_dict() for facts in self._loaders]


def length_of(thing: Any) -> int | None:
    """How many there are; None where that cannot be told."""
    try:
        return len(thing)
    except Exception:  # a data set without a length, or a student's own
        return None


def _reference(dataset: Any) -> Callable[[], object]:
    """A way back to a data set that keeps only those alive that nothing else could point at, such as lists."""
    try:
        return weakref.ref(dataset)
    except TypeError:
        return lambda: dataset


def _batch_size(loader: Any) -> int | None:
    return loader.batch_size if isinstance(loader.batch_size, int) else None


def _is_sequential(loader: Any) -> bool:
    # beside a batch sampler of the caller's own, the loader's sampler is one in order that nobody asks
    batches = loader.batch_sampler
    return type(batches) is BatchSampler and type(batches.sampler) is SequentialSampler


def _is_held_out(dataset: Any) -> bool:
    """Whether a data set, or the one that it is a part of, was made with `train=False`."""
    for _ in range(MAX_DEPTH):
        own = getattr(dataset, "__dict__", {})
        if own.get("train") is False:
            return True
        dataset = own.get("dataset")
    return False
