"""Passes over data loaders, and which of them are epochs of training."""

from __future__ import annotations

import math
import weakref
from collections import deque
from collections.abc import Callable
from typing import Any

from torch import Tensor

from .content import first_tensor
from .loader_facts import LoaderFacts, length_of

MAX_KEPT = 200
#: batches of which the values are remembered as they came out of the loader
MAX_LOADED = 8


class LoaderPass:
    """One iteration over a loader."""

    def __init__(self, loader: Any, number: int, facts: LoaderFacts | None) -> None:
        self.number = number
        self.facts = facts
        self.size = length_of(loader)
        self.batches = 0
        self.trained = 0
        #: of these, batches that came from no other loader for certain
        self.certain = 0
        self.over = False


def _nothing() -> None:
    return None


class Epoch:
    """One pass over the training data."""

    def __init__(self) -> None:
        self.steps = 0
        self.samples = 0
        self.batches = 0
        self._sum = 0.0
        self._weight = 0
        #: the plain sum over batches, the newest of them, and how many could not be read
        self._batch_sum = 0.0
        self._last: float | None = None
        self._missing = 0

    def add(self, samples: int, loss: float | None) -> None:
        self.batches += 1
        self.samples += samples
        self._last = loss
        if loss is not None:
            self._sum += loss * samples
            self._weight += samples
            self._batch_sum += loss
        else:
            self._missing += 1

    def as_dict(self) -> dict[str, object]:
        mean = self._sum / self._weight if self._weight else None
        finite = mean is not None and math.isfinite(mean)
        return {
            "steps": self.steps,
            "samples": self.samples,
            "loss": mean if finite else None,
            "batches": self.batches,
            "missing": self._missing,
            "batch_sum": self._batch_sum if math.isfinite(self._batch_sum) else None,
            "last": self._last,
        }


class Epochs:
    """The book of epochs. An epoch begins with a new pass over a loader whose batches are trained on."""

    def __init__(self) -> None:
        self._passes: weakref.WeakKeyDictionary[Any, LoaderPass] = weakref.WeakKeyDictionary()
        self._started = 0
        #: the pass that yielded last
        self.current: LoaderPass | None = None
        self._iterator: Callable[[], object] = _nothing
        #: a batch came that nothing was trained on yet; batches of several passes did
        self._waiting = False
        self._mixed = False
        #: the first tensor that it yielded, as long as such are asked for
        self.loaded: Tensor | None = None
        self._loaded_batches = 0
        #: the tensors of the newest batches
        self.recent: deque[weakref.ref[Tensor]] = deque(maxlen=8)
        self._first: list[Epoch] = []
        self._last: deque[Epoch] = deque(maxlen=MAX_KEPT)
        self._open: Epoch | None = None
        self._open_pass: LoaderPass | None = None
        self.batches_per_epoch: int | None = None
        self.number = 0

    # -- loaders ----------------------------------------------------------------------------------------

    def iterate(self, loader: Any, iterator: Any, facts: LoaderFacts | None = None) -> None:
        """A loader began to be iterated over."""
        self._started += 1
        self._iterator = _nothing
        self._passes[iterator] = LoaderPass(loader, self._started, facts)

    def yielded(self, iterator: Any, batch: object) -> None:
        """A loader gave a batch."""
        if self._iterator() is not iterator:
            loader_pass = self._passes.get(iterator)
            if loader_pass is None:
                return
            if self._waiting and self.current is not None and not self.current.over:
                self._mixed = True
            self.current, self._iterator = loader_pass, weakref.ref(iterator)
        self._waiting = True
        if self.current is not None:
            self.current.batches += 1
            self.look_at_labels(batch)
        self.loaded = None
        if isinstance(batch, list | tuple):
            for item in batch[:2]:
                if isinstance(item, Tensor):
                    self.recent.append(weakref.ref(item))
        if self._loaded_batches < MAX_LOADED:
            found = first_tensor(batch)
            if found is not None:
                self._loaded_batches += 1
                self.loaded = found.detach().clone()

    def look_at_labels(self, batch: object) -> None:
        """The order of the labels is told from the first pass over a loader."""
        if self.current is not None and self.current.facts is not None and self.looks_at_labels:
            self.current.facts.yielded(batch)

    @property
    def looks_at_labels(self) -> bool:
        """Whether the labels of the next batches are looked at."""
        return self.current is not None and self.current.facts is not None and self.current.facts.looks

    def exhausted(self, iterator: Any) -> None:
        """A loader has no more batches."""
        loader_pass = self._passes.get(iterator)
        if loader_pass is not None:
            loader_pass.over = True
            if loader_pass.facts is not None:
                loader_pass.facts.finished += 1
        self.loaded = None

    @property
    def pass_number(self) -> int:
        """Which pass over which loader the loop is in; 0 before any."""
        return self.current.number if self.current is not None else 0

    # -- training ---------------------------------------------------------------------------------------

    def trained(self, samples: int, loss: float | None) -> None:
        """A backward pass went through a forward of this many samples."""
        loader_pass = self.current
        if loader_pass is None:
            return
        if self._open is None or self._is_new(loader_pass):
            self._begin(loader_pass)
        if self._open is not None:
            loader_pass.trained += 1
            if loader_pass.facts is not None and not self._mixed:
                loader_pass.certain += 1
                loader_pass.facts.trained_on(loader_pass.certain)
            self._waiting = self._mixed = False
            self._open.add(samples, loss)

    @property
    def iterator(self) -> Callable[[], object]:
        """The iterator that yielded last, by a weak reference."""
        return self._iterator

    def caught_up(self, batches: int, waiting: bool) -> None:
        """The loader that yielded last gave so many batches more; `waiting`: nothing was trained on the last yet."""
        if self.current is not None and batches:
            self.current.batches += batches
            self._waiting = waiting

    def trained_many(self, samples: list[int], losses: list[float | None], steps: int) -> None:
        """Batches that were trained on, each but perhaps the last followed by an update; `steps`: of these updates."""
        current = self.current
        if current is None or self._open is None or current is not self._open_pass or current.over:
            for number, (size, loss) in enumerate(zip(samples, losses, strict=True)):
                self.trained(size, loss)
                if number < steps:
                    self.updated()
            for _ in range(steps - len(samples)):
                self.updated()
            return
        self._open.steps += steps
        for size, loss in zip(samples, losses, strict=True):
            self._open.add(size, loss)
        current.trained += len(samples)
        if current.facts is not None and samples:
            current.certain += len(samples)
            current.facts.trained_on_many(current.certain, len(samples))

    def _is_new(self, loader_pass: LoaderPass) -> bool:
        """Whether this batch belongs to another epoch than the one before."""
        assert self._open is not None
        size = loader_pass.size
        full = size is not None and self._open.batches >= size
        if loader_pass is self._open_pass:
            # after the loader's end: batches that were kept and are gone through again
            return full and loader_pass.over and loader_pass.trained > loader_pass.batches
        # `next(iter(loader))` for every step: such passes make up an epoch together
        single = self._open_pass is not None and self._open_pass.trained <= 1 and not self._open_pass.over
        return full or not single

    def _begin(self, loader_pass: LoaderPass) -> None:
        self.batches_per_epoch = loader_pass.size
        self.number += 1
        self._open, self._open_pass = Epoch(), loader_pass
        if len(self._first) < MAX_KEPT:
            self._first.append(self._open)
        else:
            self._last.append(self._open)

    def updated(self) -> None:
        """The parameters were updated."""
        if self._open is not None:
            self._open.steps += 1

    def as_list(self) -> list[dict[str, object]]:
        """The first and the last epochs."""
        return [epoch.as_dict() for epoch in (*self._first, *self._last)]
