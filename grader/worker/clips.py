"""Calls that limit gradients: what they found, and whether anything was added to it before it was used."""

from __future__ import annotations

import weakref
from collections.abc import Callable

from torch import Tensor

from .ledger import Buffer, Ledger

MAX_LINES = 32
#: so many parameters of a call are looked at
MAX_LOOKED = 32


class Clip:
    """Calls on one line."""

    def __init__(self, line: int | None) -> None:
        self.line = line
        self.looked = 0
        self.empty = 0
        self.applied = 0
        self.added = 0
        self.nothing = 0
        #: what the newest call was given
        self.leaves: list[weakref.ref[Tensor]] = []
        #: the fullest buffer of the newest call, and the contributions that were in it
        self.buffer: Buffer | None = None
        self.held = 0

    def as_dict(self, stepped: set[int]) -> dict[str, object]:
        alive = [leaf for reference in self.leaves if (leaf := reference()) is not None]
        foreign = bool(alive) and bool(stepped) and not any(id(leaf) in stepped for leaf in alive)
        names = ("line", "looked", "empty", "applied", "added")
        return {**{name: getattr(self, name) for name in names}, "foreign": self.looked if foreign else self.nothing}


class Clips:
    """The book of such calls."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._clips: dict[int | None, Clip] = {}

    def note(self, line: int | None, leaves: list[Tensor]) -> None:
        """A call begins."""
        clip = self._clips.get(line)
        if clip is None:
            if len(self._clips) >= MAX_LINES:
                return
            clip = self._clips[line] = Clip(line)
        clip.looked += 1
        clip.nothing += not leaves
        clip.added += self._was_added_to(clip)
        clip.leaves = [weakref.ref(leaf) for leaf in leaves[:MAX_LOOKED]]
        known = [self._ledger.known(leaf) for leaf in leaves[:MAX_LOOKED]]
        full = [buffer for leaf, buffer in zip(leaves, known, strict=False) if buffer is not None and self._has(leaf)]
        clip.empty += not full and all(leaf.grad is None or not self._has(leaf) for leaf in leaves[:MAX_LOOKED])
        clip.applied += bool(full) and all(buffer.used and not _is_new(buffer) for buffer in full)
        fresh = [buffer for buffer in full if not buffer.used and buffer.passes]
        clip.buffer = fresh[0] if fresh else None
        clip.held = clip.buffer.held if clip.buffer is not None else 0

    def as_list(self, stepped: Callable[[], set[int]]) -> list[dict[str, object]]:
        """All lines. `stepped`: identities of the parameters of optimizers that took a step."""
        held = stepped() if self._clips else set()
        return [clip.as_dict(held) for clip in self._clips.values()]

    def _has(self, leaf: Tensor) -> bool:
        """Whether there is anything but zeros in a leaf's gradient."""
        buffer = self._ledger.known(leaf)
        if leaf.grad is None:
            return False
        return not self._ledger.emptied(buffer, leaf.grad) if buffer is not None else bool(leaf.grad.any())

    def _was_added_to(self, clip: Clip) -> bool:
        """Whether what the call before had limited is still unused, and another batch of the same line has come."""
        buffer = clip.buffer
        if buffer is None or buffer.used or buffer.held <= clip.held or not buffer.passes or not clip.held:
            return False
        before, newest = buffer.passes[0], buffer.passes[-1]
        return before.line == newest.line and not set(before.forwards) & set(newest.forwards)


def _is_new(buffer: Buffer) -> bool:
    """Whether some of what is in a buffer has not been used by those who used it before."""
    return min(buffer.used.values(), default=0) < buffer.held
