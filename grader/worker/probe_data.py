"""The batches of a probe call: a few of the exercise's own, in an order that nothing else disturbs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, RandomSampler, TensorDataset

#: whole batches in a pass; a short one follows where the exercise's own loader has one
BATCHES = 6
FEW = 2


class UnusableError(Exception):
    """What the exercise supplies does not fit a probe call; `slug` says what."""

    def __init__(self, slug: str) -> None:
        super().__init__(slug)
        self.slug = slug


class EnoughSteps(BaseException):
    """Ends a call that trains longer than is looked at; no ordinary `except` catches it."""


class ProbeLoader(DataLoader[Any]):
    """Counts its passes and the batches that were taken from it, and remembers the newest."""

    passes = 0
    drawn = 0
    newest: tuple[Tensor, ...] = ()

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]
        self.passes += 1
        for batch in super().__iter__():
            self.drawn += 1
            # copies: a loop may scale a batch in place
            self.newest = tuple(part.clone() for part in batch)
            yield batch


@dataclass(frozen=True)
class Few:
    """A small part of an exercise's data, to be made loaders of: reading all of it again takes longer than a call."""

    tensors: tuple[Tensor, ...]
    size: int
    shuffled: bool
    drops_last: bool

    def for_training(self, nonce: int) -> ProbeLoader:
        """Batches in an order of their own: an evaluation in between, or a mask that is drawn, does not change it."""
        order = torch.Generator().manual_seed(nonce)
        return ProbeLoader(
            self._data(), batch_size=self.size, shuffle=self.shuffled, drop_last=self.drops_last, generator=order
        )

    def for_evaluation(self, nonce: int) -> DataLoader[Any]:
        """Batches that draw no number which training could miss."""
        return DataLoader(self._data(), batch_size=self.size, generator=torch.Generator().manual_seed(nonce))

    def _data(self) -> TensorDataset:
        return TensorDataset(*(tensor.clone() for tensor in self.tensors))


def few_batches(loader: object, batches: int = BATCHES) -> Few:
    """The first batches of a loader, and a short one where it has one. Raises UnusableError."""
    if not isinstance(loader, DataLoader) or not loader.batch_size:
        raise UnusableError("unusual-data")
    size = loader.batch_size
    rest = 0 if loader.drop_last else _length(loader) % size
    tensors = _first(loader, batches + (1 if rest else 0))
    kept = min(len(tensors[0]), batches * size + rest)
    shuffled = isinstance(loader.sampler, RandomSampler)
    return Few(tuple(tensor[:kept].clone() for tensor in tensors), size, shuffled, loader.drop_last)


def _length(loader: DataLoader[Any]) -> int:
    try:
        return len(loader.dataset)  # type: ignore[arg-type]
    except TypeError:
        raise UnusableError("unusual-data") from None


def _first(loader: DataLoader[Any], count: int) -> list[Tensor]:
    """The first batches, put together: one tensor for each part of a sample."""
    batches = list(islice(loader, count))
    good = all(isinstance(batch, list | tuple) and len(batch) == 2 for batch in batches)
    if not batches or not good or not all(isinstance(part, Tensor) for batch in batches for part in batch):
        raise UnusableError("unusual-data")
    return [torch.cat([batch[place] for batch in batches]) for place in range(2)]
