"""Calls of backward(): from what, how often from the same, with what loss."""

from __future__ import annotations

import gc
import math
import weakref
from collections import deque
from typing import cast

from torch import Tensor

from .ledger import Ledger
from .passes import Pass, Passes
from .sighting import Sighting
from .spread import spread_part

#: where a node of a graph keeps what we know of it; anomaly detection uses the same dictionary
KEY = "gradeloop"
#: where it keeps the mark that dies with it, and how many losses are marked
KEPT, MAX_MARKED = "gradeloop mark", 64
#: so many of them alive look like all being kept
SUSPICIOUS = 6
#: losses on an accelerator are read this often, because reading waits for it
ACCELERATOR_FIRST, ACCELERATOR_EVERY = 8, 16


class Mark:
    """Lies in a loss's graph and dies with it."""

    __slots__ = ("__weakref__",)


class Backwards:
    """The book of backward passes."""

    def __init__(self, passes: Passes, ledger: Ledger) -> None:
        self._passes = passes
        self._ledger = ledger
        self.calls = 0
        self.bare = 0
        self.is_bare = False
        self.detached = Sighting()
        self.without_graph = Sighting()
        self.repeated = Sighting()
        self.across_step = Sighting()
        self.not_finite = Sighting()
        self.negated = 0
        self._is_negated = False
        #: of passes looked at, those from a table of differences that a broadcast made, and of what shape the first
        self.spread = Sighting()
        self.spread_shape: tuple[int, ...] = ()
        self.looked = 0
        self._marks: list[weakref.ref[Mark]] = []
        self._alive = 0
        self.last_loss: float | None = None
        #: results of loss functions that took a mean, the newest
        self.means: deque[weakref.ref[Tensor]] = deque(maxlen=4)

    def begins(self, root: Tensor, running: Pass, weighted: bool) -> None:
        """A pass starts at a root. `weighted`: with a gradient of the caller's own for it."""
        self.calls += 1
        node = root.grad_fn
        if node is not None:
            if not weighted:
                # the mark stays with the node itself, so that nothing is kept alive for it
                metadata = cast(dict[str, Pass], node.metadata)
                running.before, metadata[KEY] = metadata.get(KEY), running
            if self._ledger.close and len(self._marks) < MAX_MARKED:
                self._mark(cast(dict[str, object], node.metadata))
        elif not root.requires_grad:
            self.without_graph.note(running.line)
        elif self._ledger.known(root) is None:
            self.detached.note(running.line)

    def _mark(self, metadata: dict[str, object]) -> None:
        """Mark this loss, and count those marked before that are still alive; the newest may rightly be."""
        alive = sum(mark() is not None for mark in self._marks[:-1])
        if alive >= SUSPICIOUS > self._alive:
            gc.collect()  # those in cycles are only waiting for this
            alive = sum(mark() is not None for mark in self._marks[:-1])
        self._alive = max(self._alive, alive)
        metadata[KEPT] = mark = Mark()
        self._marks.append(weakref.ref(mark))

    def kept(self) -> dict[str, object]:
        """How many losses were marked, and most of them that were alive at one time."""
        return {"marked": len(self._marks), "alive": self._alive}

    def ended(self, origin: Tensor, running: Pass) -> None:
        """The pass has come back. `origin`: its root, before any scaler."""
        if not running.reached:
            return
        if self._ledger.close:
            self.is_bare = any(mean() is origin for mean in self.means)
            self._is_negated = _is_negative_of_loss(origin)
            self._look_for_spread(origin, running.line)
        self.negated += self._is_negated
        self.bare += self.is_bare  # in calm times like the last that was looked at
        before, running.before = running.before, None
        if before is not None:
            self._again(before, running)

    def _look_for_spread(self, origin: Tensor, line: int | None) -> None:
        self.looked += 1
        part = spread_part(origin)
        if part:
            self.spread.note(line)
            self.spread_shape = self.spread_shape or part

    def _again(self, before: Pass, running: Pass) -> None:
        """The same root once more: both contributions together in a buffer, or an update in between?"""
        touched = [buffer for buffer in self._ledger.buffers.values() if running in buffer.passes]
        if any(before in buffer.passes for buffer in touched):
            self.repeated.note(running.line)
        elif any(buffer.stepped_at > before.at for buffer in touched):
            self.across_step.note(running.line)

    def counted(self, calls: int, values: list[float | None]) -> None:
        """So many passes more, like the last that was looked at."""
        self.calls += calls
        self.negated += calls * self._is_negated
        self.bare += calls * self.is_bare
        self.last_loss = next((value for value in reversed(values) if value is not None), self.last_loss)

    def reads(self, more: int) -> bool:
        """Whether a loss that is not on the CPU is read in the call after so many."""
        calls = self.calls + more
        return calls <= ACCELERATOR_FIRST or not calls % ACCELERATOR_EVERY

    def value(self, root: Tensor, line: int | None) -> float | None:
        """The loss itself; None where it is no single number, not finite, or not read this time."""
        if root.numel() != 1 or root.is_complex():
            return None
        if root.device.type != "cpu" and not self.reads(0):
            return None
        loss = float(root.item())
        if not math.isfinite(loss):
            self.not_finite.note(line)
            return None
        self.last_loss = loss
        return loss

    def as_dict(self, across_step: Sighting) -> dict[str, object]:
        """`across_step`: forwards whose graph was executed again after a step."""
        passes = self._passes
        across = max(self.across_step, across_step, key=lambda sighting: sighting.count)
        sightings = ("detached", "without_graph", "repeated", "not_finite")
        return {
            "total": passes.total,
            "line": passes.line,
            "used": passes.used,
            "wiped": passes.wiped,
            "pending": passes.pending,
            "bare": self.bare,
            "places": [place.as_dict() for place in passes.places.values()],
            "negated": self.negated,
            "spread": self.spread.as_dict(),
            "spread_shape": list(self.spread_shape),
            "looked": self.looked,
            "across_step": across.as_dict(),
            **{name: getattr(self, name).as_dict() for name in sightings},
        }


def _is_negative_of_loss(root: Tensor) -> bool:
    """Whether a root is a loss function's own result with the sign turned: -loss, loss * -1, 0 - loss."""
    node = root.grad_fn
    if node is None or not node.next_functions:
        return False
    kind, before = type(node).__name__, [type(following).__name__ for following, _ in node.next_functions]
    losses = [name.endswith("LossBackward0") or name.startswith("BinaryCrossEntropy") for name in before]
    if kind in ("NegBackward0", "RsubBackward1"):
        return losses[0]
    if kind == "SubBackward0":
        return before[0] == "NoneType" and losses[1]
    if kind not in ("MulBackward0", "DivBackward0") or losses != [True, False] or before[1] != "NoneType":
        return False
    # the factor itself is gone after the pass; these losses are never below zero
    return root.numel() == 1 and bool(root.detach() < 0)
