"""Each call of a loss function, linked to the forward whose output it judges."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from torch import Tensor

from .books import Books
from .losses import LossCall


class LossWatch:
    """Sees loss functions return, or raise."""

    def __init__(self, books: Books) -> None:
        self._books = books
        #: the newest call of each function with a graph
        self._usual: dict[str, LossCall] = {}

    def ended(self, name: str, original: Callable[..., Tensor], args: tuple[Any, ...], kwargs: dict[str, Any],
              result: object) -> None:  # fmt: skip
        """A call is over. `result`: None when it raised."""
        if self._books.ledger.close or not self._is_as_ever(name, args, result):
            self._look(name, original, args, kwargs, result)

    def _is_as_ever(self, name: str, args: tuple[Any, ...], result: object) -> bool:
        """While all is calm, a loss in a graph belongs to the call that was seen before; False to look after all."""
        usual = self._usual.get(name)
        forward = self._books.forwards.newest
        if usual is None or usual.looks_next() or not isinstance(result, Tensor) or not result.requires_grad:
            return False
        if self._books.pairs.active:
            return False
        if forward is None or forward.batch is not None or not args:
            return False
        # a forward of a run that is over may have lost its output, and one by a compiled model is not seen at all
        if not forward.outputs or forward.outputs[0]() is not args[0]:
            return False
        usual.calls += 1
        forward.judged = True
        return True

    def _look(self, name: str, original: Callable[..., Tensor], args: tuple[Any, ...], kwargs: dict[str, Any],
              result: object) -> None:  # fmt: skip
        books = self._books
        line = books.lines.here()
        if books.ledger.close:
            books.calls.note("loss", line)
        entered = args[0] if args else kwargs.get("input")
        rest = args[1:]
        target = rest[0] if rest else kwargs.get("target")
        newest = books.forwards.newest
        trains = newest is None or newest.training
        call = books.losses.note(name, line, entered, target, result, trains, self._data)
        if isinstance(result, Tensor) and result.requires_grad:
            if call is not None:
                self._usual[name] = call
            if books.ledger.close:
                books.steady.draft.lost(call)
        if isinstance(result, Tensor) and kwargs.get("reduction", "mean") == "mean":
            books.backwards.means.append(weakref.ref(result))
        forward = books.forwards.find(entered) if isinstance(entered, Tensor) else None
        if forward is not None and isinstance(entered, Tensor):
            forward.judged = True
            books.memory.note_loss(forward, original, entered, rest, kwargs)
            if books.pairs.active and isinstance(result, Tensor) and result.requires_grad:
                number = forward.number
                books.tried("pairs", lambda: books.pairs.judged(number, target, line))

    def _data(self) -> list[Tensor]:
        """What came from a loader or went into a model lately."""
        references = [*self._books.epochs.recent, *self._books.forwards.recent_inputs()]
        return [tensor for reference in references if (tensor := reference()) is not None]
