"""Inputs and targets as the loss met them, against the pairs in which they came: out of a loader, or an epoch before.

Looked at for a while at the beginning of the first passes over the data, and then no more.
"""

from __future__ import annotations

import weakref
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.utils.data import TensorDataset

from .arrays import Arrays
from .hashing import MAX_NUMBERS, labels_of, rows_of
from .repeats import Repeats, keep_waiting

#: loss calls without any loader that are looked at; of each of the first passes, batches and loss calls
FIRST, PASSES, EACH = 160, 10, 40
#: batches that are remembered
RECENT = 16
MAX_ORIGINS = 16
MAX_ITEMS = 4
MAX_TOLD = 20_000
#: an odd number with which values that differ a little become bits that differ much
MIXED = -7046029254386353131
#: fewer samples may agree or differ by chance
FEWEST = 8
#: rows of one batch that are different from each other; rows whose targets differ in a batch that is out of order
DISTINCT, DIFFERENT = 0.9, 0.3
Origin = tuple[str, int, int]


@dataclass
class Item:
    """One tensor of a batch: a number for each row if it can be inputs, the values if it can be labels."""

    rows: Tensor | None
    labels: Tensor | None


@dataclass
class Batch:
    """What a loader gave at one time."""

    items: list[Item]
    #: the data set, and the whole array that labels are taken from, where that is known
    source: int
    table: tuple[str, int, int] | None = None


@dataclass
class Told:
    """Pairs of one origin: what the inputs are, and which targets they had."""

    line: int | None
    rows: list[Tensor] = field(default_factory=list)
    targets: list[Tensor] = field(default_factory=list)
    count: int = 0


class Pairs:
    """The book of pairs."""

    def __init__(self) -> None:
        self.active = True
        self._passes = 0
        self._losses, self._forwards, self._yields = FIRST, FIRST, EACH
        self._recent: deque[Batch] = deque(maxlen=RECENT)
        self._entered: dict[int, Tensor] = {}
        #: number of a forward -> what its losses said; the best of them counts
        self._verdicts: dict[int, str] = {}
        self._counts: Counter[str] = Counter()
        self._line: int | None = None
        self._told: dict[tuple[int | None, str, int, int], Told] = {}
        #: arrays that targets are taken from, and the number that each was given
        self._tables: dict[int, tuple[weakref.ref[Tensor], int]] = {}
        self._numbered = 0
        #: what the arrays hold, whatever its order -> the number of the first that held it
        self._contents: dict[tuple[int, int], int] = {}
        self.repeats = Repeats()
        self._arrays = Arrays()

    # -- what comes by ----------------------------------------------------------------------------------

    def started(self) -> None:
        """A pass over a loader begins."""
        self._passes += 1
        self._losses = self._forwards = self._yields = EACH
        self.active = self._passes <= PASSES

    def yielded(self, batch: object, dataset: object) -> None:
        """A loader gave a batch."""
        self.repeats.yielded()
        self._yields -= 1
        if self._yields < 0:
            self.active = False
            return
        items = [Item(rows_of(tensor), labels_of(tensor)) for tensor in _tensors(batch)]
        table = _last_array_of(dataset)
        origin = ("table", self._number(table), table._version) if table is not None else None
        self._recent.append(Batch(items, id(dataset), origin))

    def entered(self, number: int, samples: Tensor | None) -> None:
        """A forward that may be trained on begins."""
        self._forwards -= 1
        if self._forwards < 0:  # losses of a kind that is not known end nothing
            self.active = False
            return
        self.repeats.entered(number, samples)
        rows = rows_of(samples) if samples is not None else None
        if rows is None:
            return
        keep_waiting(self._entered, number, rows)

    def judged(self, number: int, target: object, line: int | None) -> None:
        """A loss in a graph compared that forward's output with a target."""
        self._losses -= 1
        if self._losses < 0:
            self.active = False
            return
        self.repeats.judged(number, target, line)
        if number in self._verdicts:
            self._arrays.stop()  # an output with two targets, as of mixed samples: one of them may be another's
        rows = self._entered.get(number)
        labels = labels_of(target) if isinstance(target, Tensor) else None
        if rows is None or labels is None or len(labels) != len(rows) or len(rows) < FEWEST:
            return
        if isinstance(target, Tensor) and bool((labels != labels[0]).any()):
            self._count(number, self._verdict(rows, labels, target, line), line)

    def _count(self, number: int, verdict: str, line: int | None) -> None:
        """The losses of one forward count once: with a second one of another target, the first may be right."""
        before = self._verdicts.get(number)
        if before == "aligned" or before == verdict:
            return
        if before is not None:
            self._counts[before] -= 1
        self._verdicts[number] = verdict
        self._counts[verdict] += 1
        if verdict in ("shuffled", "other-batch"):
            self._line = self._line or line

    # -- one pair of batches ----------------------------------------------------------------------------

    def _verdict(self, rows: Tensor, labels: Tensor, target: Tensor, line: int | None) -> str:
        batch, item, order = self._source(rows)
        own = [one.labels for one in batch.items if one.labels is not None] if batch is not None else []
        truths = [truth if order is None else truth[order] for truth in own if len(truth) == len(rows)]
        if batch is not None and any(torch.equal(labels, truth) for truth in truths):
            self._tell(rows, labels, batch.table, line)
            return "aligned"
        # an input may look like a label, but it is not its own
        beside = [] if batch is None else [one for one in batch.items if one is not item and one.labels is not None]
        if not beside:
            self._tell(rows, labels, self._origin(rows, labels, target), line)
            return "unknown"
        if not any(_differ(labels, truth) for truth in truths):
            return "unknown"
        if any(_same(labels.sort().values, truth.sort().values) for truth in truths):
            return "shuffled"
        others = (one.labels for other in self._recent if other is not batch for one in other.items)
        return "other-batch" if any(_same(labels, truth) for truth in others) else "unknown"

    def _source(self, rows: Tensor) -> tuple[Batch | None, Item | None, Tensor | None]:
        """The batch whose inputs these are, and in which order they are taken from it; None: as they came."""
        known = [(batch, item) for batch in reversed(self._recent) for item in batch.items]
        for batch, item in known:
            if _same(rows, item.rows):
                return batch, item, None
        ordered, places = rows.sort()
        if bool((ordered[1:] == ordered[:-1]).any()):
            return None, None, None
        for batch, item in known:
            if item.rows is not None and len(item.rows) == len(rows):
                sorted_rows, from_places = item.rows.sort()
                if torch.equal(ordered, sorted_rows):
                    order = torch.empty_like(places)
                    order[places] = from_places
                    return batch, item, order
        return None, None, None

    def _origin(self, rows: Tensor, labels: Tensor, target: Tensor) -> Origin | None:
        """Where targets come from that came without their inputs: a loader of their own, a part of an array."""
        for batch in reversed(self._recent):
            if len(batch.items) == 1 and _same(labels, batch.items[0].labels):
                return ("loader", batch.source, 0)
        base = target._base
        if base is None and not self._recent:
            base = self._arrays.of(rows, labels, target)
        if base is None or base.requires_grad or base.numel() <= target.numel():
            return None
        return ("array", self._number(base), base._version)

    def _number(self, table: Tensor) -> int:
        """A number for an array; one that holds the same in another order, as one put in order anew, has the same."""
        known = self._tables.get(id(table))
        if known is None or known[0]() is not table:
            number = self._contents.setdefault(_content(table), self._numbered)
            known = self._tables[id(table)] = weakref.ref(table), number
            self._numbered += 1
        return known[1]

    def _tell(self, rows: Tensor, labels: Tensor, origin: Origin | None, line: int | None) -> None:
        """Remember the pairs, to compare them with those of another epoch."""
        if origin is None or len(_runs(rows)) < DISTINCT * len(rows):
            return
        key = (line, *origin)
        if key not in self._told and len(self._told) >= MAX_ORIGINS:
            return
        told = self._told.setdefault(key, Told(line))
        if told.count < MAX_TOLD:
            told.count += len(rows)
            told.rows.append(rows)
            told.targets.append(labels)

    # -- afterwards -------------------------------------------------------------------------------------

    def as_dict(self) -> dict[str, object]:
        """What became of each pair of batches."""
        counts = self._counts
        return {
            "looked": counts.total(),
            "aligned": counts["aligned"],
            "shuffled": counts["shuffled"],
            "other_batch": counts["other-batch"],
            "line": self._line,
            "repeats": self.repeats.as_dict(),
        }

    def complete(self) -> dict[str, object]:
        """The same, and what samples that came again had for targets, where they contradict themselves most."""
        found = self.as_dict()
        origins = [(told.line, *contradictions(told.rows, told.targets)) for told in self._told.values()]
        worst = max(origins, key=lambda origin: origin[2], default=None)
        if worst is not None:
            line, again, differ, expected = worst
            found |= {"again_line": line, "again": again, "contradictions": differ, "expected": expected}
        return found


def contradictions(rows: list[Tensor], targets: list[Tensor]) -> tuple[int, int, float]:
    """Of the samples that came again: how many, how many with another target, and the share expected by chance."""
    numbers, order = torch.cat(rows).sort(stable=True)
    values = torch.cat(targets)[order]
    again = numbers[1:] == numbers[:-1]
    differ = again & (values[1:] != values[:-1])
    shares = _runs(values).double() / len(values)
    return int(again.sum()), int(differ.sum()), float(1 - shares.square().sum())


def _content(table: Tensor) -> tuple[int, int]:
    """The same for arrays that hold the same values in any order: how many, and the sum of their bits mixed up."""
    plain = table.detach().reshape(-1).cpu().double()[:MAX_NUMBERS]
    return len(plain), int((plain.view(torch.int64) * MIXED).bitwise_xor(plain.view(torch.int64) >> 29).sum())


def _runs(values: Tensor) -> Tensor:
    """How often each different value occurs, in the order of the values."""
    ordered = values.sort().values
    starts = torch.cat([torch.zeros(1, dtype=torch.int64), (ordered[1:] != ordered[:-1]).cumsum(0)])
    return torch.bincount(starts)


def _tensors(batch: object) -> list[Tensor]:
    items: Iterable[object] = [batch]
    if isinstance(batch, list | tuple):
        items = batch
    elif isinstance(batch, dict):
        items = batch.values()
    return [item for item in items if isinstance(item, Tensor)][:MAX_ITEMS]


def _last_array_of(dataset: object) -> Tensor | None:
    """The array of labels that a data set of plain arrays may share with others; None for any other kind."""
    if type(dataset) is not TensorDataset or len(dataset.tensors) < 2:
        return None
    return dataset.tensors[-1]


def _same(one: Tensor, other: Tensor | None) -> bool:
    return other is not None and len(one) == len(other) and torch.equal(one, other)


def _differ(labels: Tensor, truth: Tensor) -> bool:
    return float((labels != truth).double().mean()) > DIFFERENT
