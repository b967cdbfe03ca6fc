"""Learning-rate schedulers: over which optimizer, and when they were asked to go on."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import Any

from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from .steps import Steps

MAX_SCHEDULERS = 16
#: attributes that say how many calls a schedule is made for
LENGTHS = ("total_steps", "T_max", "total_iters")


class Schedulers:
    """The book of schedulers. Those inside others, and those whose own step we cannot see, are left out."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._known: weakref.WeakKeyDictionary[Any, dict[str, Any]] = weakref.WeakKeyDictionary()
        self.listed: list[dict[str, Any]] = []
        #: a scaler left out a step, so that a scheduler may rightly come before the first
        self.excused = False

    def made(self, scheduler: Any, arguments: tuple[Any, ...], line: int | None) -> None:
        """A scheduler was constructed with these arguments."""
        optimizer = getattr(scheduler, "optimizer", None)
        inner = [part for item in arguments if isinstance(item, list | tuple) for part in item]
        for part in inner:
            if isinstance(part, LRScheduler) and part in self._known:
                self._known[part]["inside"] = True
        own_step = not type(scheduler).__module__.startswith("torch.")
        if scheduler in self._known or optimizer is None or own_step or len(self.listed) >= MAX_SCHEDULERS:
            return
        index = self._steps.known(optimizer, line).index
        facts = {"name": type(scheduler).__name__, "line": line, "optimizer": index, "calls": 0, "late": 0, "early": 0,
                 "step_line": None, "length": _length(scheduler), "inside": False}  # fmt: skip
        self._known[scheduler] = facts
        self.listed.append(facts)

    def stepped(self, scheduler: Any, line: int | None, told: bool) -> None:
        """The student's code asked a scheduler to go on. `told`: it said to which epoch."""
        facts = self._known.get(scheduler)
        if facts is None:
            return
        own = self._steps.listed[facts["optimizer"]]["steps"]
        facts["calls"] += 1
        facts["late"] += self._steps.total > 0
        told = told or isinstance(scheduler, ReduceLROnPlateau)
        if not (own or self._steps.total or told or self.excused):
            facts["early"] += 1
        # a call that was early, and is never made again from its line, only sets the start
        if facts["early"] and facts["step_line"] not in (None, line):
            facts["early"] = 0
        facts["step_line"] = line

    def as_list(self) -> list[dict[str, object]]:
        """All of them as the trace writes them."""
        return [
            {**{name: value for name, value in facts.items() if name != "inside"}, "optimizer": self._stepping(facts)}
            for facts in self.listed
            if not facts["inside"]
        ]

    def _stepping(self, facts: dict[str, Any]) -> int:
        """The optimizer of a scheduler, or the one that takes its steps: they share their groups."""
        index = int(facts["optimizer"])
        known = {optimized.index: optimizer for optimizer, optimized in list(self._steps.optimizers.items())}
        if self._steps.listed[index]["steps"] or index not in known:
            return index
        groups = {id(group) for group in known[index].param_groups}
        sharing = (other for other, optimizer in known.items() if groups & {id(one) for one in optimizer.param_groups})
        return next((other for other in sharing if self._steps.listed[other]["steps"]), index)


def _length(scheduler: Any) -> int | None:
    """How many calls the schedule is made for; None where it has no end."""
    milestones = getattr(scheduler, "milestones", None)
    if isinstance(milestones, Mapping) and milestones:
        return max(0, int(max(milestones)))
    lengths = (getattr(scheduler, name, None) for name in LENGTHS)
    return next((length for length in lengths if isinstance(length, int) and length > 0), None)
