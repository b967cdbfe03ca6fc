"""Updates of parameters without an optimizer, seen when autograd next comes to the parameter."""

from __future__ import annotations

from torch import Tensor

from .ledger import HAND, Buffer, Ledger
from .passes import Pass
from .sighting import Sighting


class HandUpdates:
    """Takes all updates between two backward passes for one, as a step of an optimizer would be."""

    def __init__(self, ledger: Ledger) -> None:
        self.sighting = Sighting()
        self.stale = Sighting()
        #: gradients asked for without buffers; whoever does that updates by hand
        self.functional = Sighting()
        self._ledger = ledger
        #: updates were noted that are not booked yet
        self.pending = False
        self._fresh: list[Pass] = []
        self._line: int | None = None
        self._again = False
        ledger.on_hand_update = self.note

    def note(self, buffer: Buffer, stale: int, fresh: list[Pass]) -> None:
        """One leaf was changed."""
        self.pending = True
        if buffer.stepped_at:
            return  # an optimizer's own: weights that were clipped, perturbed or loaded
        self._fresh.extend(fresh)
        if stale and fresh:
            self._again = True
            self._line = self._line or fresh[-1].line

    def rebound(self, leaves: list[Tensor]) -> None:
        """New leaves have come into the graph: each takes the place of one of its shape that is no longer used."""
        reached = {id(leaf) for leaf in leaves}
        new_shapes = [tuple(leaf.shape) for leaf in leaves if self._ledger.known(leaf) is None]
        for key, buffer in list(self._ledger.buffers.items()):
            unused = buffer.passes and not buffer.stepped_at and HAND not in buffer.used
            if unused and (key not in reached or buffer.ref() is None) and buffer.shape in new_shapes:
                new_shapes.remove(buffer.shape)
                stale, fresh = self._ledger.use(buffer, HAND)
                self.note(buffer, stale, fresh)
        self._ledger.forget_dead()

    def flush(self) -> list[Pass]:
        """A backward pass is over: book what was updated since the one before. Returns the passes applied."""
        if not self.pending:
            return []
        self.sighting.note(None)
        if self._again:
            self.stale.note(self._line)
        applied = self._fresh
        self.pending, self._fresh, self._line, self._again = False, [], None, False
        return applied

    def finish(self) -> list[Pass]:
        """Look for updates after the last backward pass."""
        for buffer in list(self._ledger.buffers.values()):
            leaf = buffer.ref()
            if leaf is not None and buffer.seen and buffer.passes and not buffer.stepped_at:
                self._ledger.notice_update(buffer, leaf)
        return self.flush()
