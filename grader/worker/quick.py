"""Ends a run when enough is known: the order of a step, and the losses of an epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from torch.optim.optimizer import Optimizer, register_optimizer_step_post_hook

#: by then every pattern of a step has shown, and what happens every 16th or 17th time has too
LEAST_STEPS = 400
#: of an epoch that does not end by itself
MOST_STEPS = 2000


class Epochs(Protocol):
    """Knows which epoch is under way."""

    def epoch(self) -> int: ...


class Enough:
    """Counts the steps of all optimizers; calls `end` after one of them, once.

    It need not return. Nothing is raised in the student's code, which could catch it.
    """

    def __init__(self, epochs: Epochs, end: Callable[[], None]) -> None:
        self._epochs = epochs
        self._end: Callable[[], None] | None = end
        self._steps = 0
        self._first: int | None = None
        # after the recorder's own: it has seen the step when this one is called
        register_optimizer_step_post_hook(self._stepped)

    def _stepped(self, optimizer: Optimizer, arguments: object, named: object) -> None:
        # the hook stays: hooks are being gone through
        if self._end is None:
            return
        self._steps += 1
        epoch = self._epochs.epoch()
        if self._first is None:
            self._first = epoch
        if self._steps >= MOST_STEPS or (self._steps >= LEAST_STEPS and epoch > self._first):
            end, self._end = self._end, None
            end()
