"""How many outputs of a classifier agree with the labels of their batch, pass after pass over each loader."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from torch import Tensor

from .content import _argmax, is_plain
from .epochs import LoaderPass

MAX_PASSES = 400


@dataclass
class AnsweredPass:
    """One pass over a loader."""

    source: LoaderPass
    samples: int = 0
    correct: int = 0
    batches: int = 0
    #: the sum of the batches' own shares, and the last of them
    shares: float = 0.0
    last: float = 0.0
    #: a batch was answered never, twice, or in a form that is not known here
    unclear: bool = False
    answered: int = field(default=0, repr=False)

    def as_dict(self, group: int) -> dict[str, object]:
        facts = self.source.facts
        names = ("samples", "correct", "batches", "shares", "last", "unclear")
        return {
            "group": group,
            "line": facts.line if facts is not None else None,
            "size": facts.samples if facts is not None else None,
            "trained": self.source.trained > 0,
            **{name: getattr(self, name) for name in names},
        }


class Answers:
    """The book of them. It is kept only while a function runs whose return value may speak of accuracy."""

    def __init__(self) -> None:
        self.on = False
        self._passes: dict[int, AnsweredPass] = {}
        self._labels: Tensor | None = None
        self._current: AnsweredPass | None = None

    def yielded(self, source: LoaderPass | None, batch: object) -> None:
        """A loader gave a batch."""
        self._labels, self._current = labels_of(batch), None
        if source is None or (source.number not in self._passes and len(self._passes) >= MAX_PASSES):
            return
        self._current = self._passes.setdefault(source.number, AnsweredPass(source))
        self._current.answered = 0

    def answered(self, output: Tensor) -> None:
        """A root module returned."""
        current, labels = self._current, self._labels
        if current is None:
            return
        current.answered += 1
        fits = labels is not None and is_plain(output) and output.dim() == 2 and output.shape[1] > 1
        if labels is None or not fits or len(labels) != len(output) or current.answered > 1:
            current.unclear = True
            return
        right = int((_argmax(output.detach(), 1).cpu() == labels.cpu()).sum())
        current.samples += len(labels)
        current.correct += right
        current.batches += 1
        current.last = right / len(labels)
        current.shares += current.last

    def as_list(self) -> list[dict[str, object]]:
        """Passes over the same loaders carry the same number."""
        groups: dict[int, int] = {}
        shown = [item for item in self._passes.values() if item.batches or item.unclear]
        return [item.as_dict(groups.setdefault(id(item.source.facts), len(groups))) for item in shown]


def labels_of(batch: object) -> Tensor | None:
    """The class numbers of a batch: the first tensor after the inputs that can be such."""
    items: Iterable[object] = ()
    if isinstance(batch, list | tuple):
        items = batch[1:]
    elif isinstance(batch, dict):
        items = batch.values()
    for item in items:
        if is_plain(item) and isinstance(item, Tensor) and item.dim() == 1 and len(item) and _is_whole(item):
            return item
    return None


def _is_whole(tensor: Tensor) -> bool:
    return not tensor.is_floating_point() and not tensor.is_complex()
