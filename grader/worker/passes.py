"""Backward passes: which one is running, and what became of what each of them added to gradients."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from .forward import Forward

_task_id = torch._C._current_graph_task_id

MAX_PLACES = 32


class Place:
    """What became of the backward passes that began on one line."""

    __slots__ = ("line", "used", "wiped")

    def __init__(self, line: int | None) -> None:
        self.line = line
        self.used = 0
        self.wiped = 0

    def as_dict(self) -> dict[str, object]:
        return {"line": self.line, "used": self.used, "wiped": self.wiped}


class Pass:
    """One backward pass."""

    __slots__ = ("at", "before", "forwards", "line", "live", "place", "reached", "samples", "used", "wiped")

    def __init__(self, line: int | None, at: int) -> None:
        self.line = line
        #: when it began, on the recorder's own clock
        self.at = at
        #: how many gradient buffers hold its contribution now, and how many it ever reached
        self.live = 0
        self.reached = 0
        self.used = False
        self.wiped = False
        #: the book of its line, where that was looked up for this very pass
        self.place: Place | None = None
        #: forwards of root modules that it went through, the one nearest to the loss first
        self.forwards: list[Forward] = []
        #: samples of those of them that no pass had gone through before
        self.samples = 0
        #: an earlier pass from the same root
        self.before: Pass | None = None

    def went_through(self, forward: Forward) -> None:
        """Autograd called the hook on a forward's output."""
        if not forward.trained:
            self.samples += forward.samples
        if forward not in self.forwards:
            self.forwards.append(forward)


#: stands for content that no backward pass brought
BY_HAND = Pass(None, 0)
BY_HAND.used = True


class Passes:
    """All backward passes of the run; keeps totals, not the passes."""

    def __init__(self) -> None:
        self.total = 0
        self.used = 0
        self.wiped = 0
        self.line: int | None = None
        self.places: dict[int | None, Place] = {}
        #: counts calls that clear and passes that begin, to tell which came first
        self.clock = 0
        self._open: list[tuple[int, Pass]] = []
        #: the task whose hooks ran last, and its pass
        self.task = -1
        self.newest = Pass(None, 0)
        self._tasks: dict[int, Pass] = {}

    def begin(self, line: int | None) -> Pass:
        """A call of backward() or grad() starts."""
        self.clock += 1
        running = Pass(line, self.clock)
        self._open.append((threading.get_ident(), running))
        return running

    def place(self, running: Pass) -> None:
        """The line of this pass is known for certain."""
        place = self.places.get(running.line)
        if place is None and len(self.places) < MAX_PLACES:
            place = self.places[running.line] = Place(running.line)
        running.place = place

    def end(self, running: Pass) -> None:
        """That call is over, with or without an exception."""
        if len(self._open) == 1 and self._open[0][1] is running:
            self._open.clear()
            return
        self._open = [entry for entry in self._open if entry[1] is not running]

    def current(self) -> Pass:
        """The pass on whose behalf autograd is calling a hook."""
        task = _task_id()
        if task != self.task:
            self.task, self.newest = task, self._of_task(task)
        return self.newest

    def _of_task(self, task: int) -> Pass:
        if len(self._open) == 1:
            return self._open[0][1]
        known = self._tasks.get(task)
        if known is None:
            if len(self._tasks) > 64:
                self._tasks.clear()
            known = self._tasks[task] = self._opened() or self._unannounced()
        return known

    def _opened(self) -> Pass | None:
        """The call that this task belongs to: the outermost of its thread, else the newest of any."""
        mine = threading.get_ident()
        for thread, running in self._open:
            if thread == mine:
                return running
        return self._open[-1][1] if self._open else None

    def _unannounced(self) -> Pass:
        """A pass that came by a way that is not patched."""
        self.clock += 1
        return Pass(None, self.clock)

    def arrived(self, running: Pass) -> None:
        """A contribution of this pass came into a buffer."""
        running.live += 1
        running.reached += 1
        if running.reached == 1:
            self.total += 1
            if self.line is None:
                self.line = running.line

    def applied(self, running: Pass) -> None:
        """Somebody used a contribution of this pass."""
        if not running.used:
            running.used = True
            self.used += 1
            if running.place is not None:
                running.place.used += 1
                running.place.wiped -= running.wiped
            if running.wiped:
                running.wiped = False
                self.wiped -= 1

    def cleared(self, running: Pass) -> None:
        """A contribution of this pass is gone from a buffer."""
        running.live -= 1
        if running.live <= 0 and not running.used and not running.wiped:
            running.wiped = True
            self.wiped += 1
            if running.place is not None:
                running.place.wiped += 1

    def counted(self, arrived: int, used: int) -> None:
        """So many passes more reached parameters, and so many of them were used, all like the one before."""
        self.total += arrived
        self.used += used
        self.clock += 2 * arrived

    @property
    def pending(self) -> int:
        """Passes that reached a parameter and that nobody has used or cleared."""
        return max(0, self.total - self.used - self.wiped)
