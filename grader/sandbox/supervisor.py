"""Watches one worker from outside: drains its pipes, keeps the clock, counts what it uses, and kills."""

from __future__ import annotations

import os
import selectors
import time
from collections.abc import Callable
from enum import Enum

from ..model import Limits
from . import cgroup
from .backend import Ended, Worker
from .collector import Collector
from .frames import pack
from .output import Stream
from .pipes import Ends
from .processes import Clock, Usage, usage

START_SECONDS = 120.0
#: the worker writes down where it was at the limit itself; then it is killed
_GRACE_SECONDS = 0.5
_POLL_SECONDS = 0.05
_FLOOD = 16
_CHUNK = 1 << 16
_DRAIN_CHUNKS = 256
_KEEP_FAULTS = 16_384
#: files are counted this often, and less often where counting takes long
_LOOK_SECONDS = 0.25
_LOOK_SHARE = 20


class Stop(Enum):
    """Why a worker was stopped from outside."""

    START = "start"
    WALL = "wall"
    CPU = "cpu"
    MEMORY = "memory"
    PROCESSES = "processes"
    FLOOD = "flood"
    DISK = "disk"
    FILES = "files"


class Supervisor:
    """Owns the supervisor's ends of the pipes; `collector` holds what the worker says."""

    def __init__(self, worker: Worker, ends: Ends, limits: Limits, collector: Collector) -> None:
        self.collector = collector
        self.stdout, self.stderr, self.faults = Stream(), Stream(), Stream(_KEEP_FAULTS)
        self.stopped: Stop | None = None
        self.ended: Ended | None = None
        self.started = time.monotonic()
        self.finished: float | None = None
        self.peak = Usage()
        #: keeps the memory limit to the byte; None where there is none, and looking has to do
        self.group = cgroup.enter(worker.pid, worker.overhead, limits)
        self._worker = worker
        self._ends = ends
        self._limits = limits
        self._outgoing = bytearray()
        self._next_poll = 0.0
        self._next_look = 0.0
        self._clock = Clock()
        self._cpu_before = 0.0
        self._asked_to_leave = False
        self._selector = selectors.DefaultSelector()
        feeds = {ends.stdout: self.stdout.feed, ends.stderr: self.stderr.feed, ends.faults: self.faults.feed}
        for descriptor, feed in (*feeds.items(), (ends.frames, collector.feed)):
            self._selector.register(descriptor, selectors.EVENT_READ, feed)

    def send(self, kind: str, payload: bytes) -> None:
        """Queue a frame for the worker; it is written while the loop turns."""
        if not self._outgoing and not self.is_over():
            self._selector.register(self._ends.control, selectors.EVENT_WRITE)
        self._outgoing += pack(kind, payload)

    def watch(self, done: Callable[[], bool], seconds: float | None = None) -> None:
        """Turn until `done`, until the worker is over, or until the time has passed."""
        deadline = None if seconds is None else time.monotonic() + seconds
        while not done() and not self.is_over():
            if deadline is not None and time.monotonic() > deadline:
                return
            self._turn()
        if not self.is_over():
            self._measure()
        self._ask_group()
        self._drain()

    def is_over(self) -> bool:
        """Whether the worker's process has ended or was stopped."""
        return self.stopped is not None or self.ended is not None

    def close(self) -> None:
        """Kill whatever is left. The pipes are closed with it."""
        self._selector.close()
        self._end_all()
        self._ends.close()
        self._worker.clean()
        if self.group is not None:
            self.group.remove()

    def _turn(self) -> None:
        for key, _ in self._selector.select(_POLL_SECONDS):
            if key.fd == self._ends.control:
                self._write()
            else:
                self._read(key.fd, key.data)
        self.ended = self._worker.ended()
        if self.ended is not None:
            self.finished = time.monotonic()
        elif (reason := self._exceeded()) is not None:
            self._stop(reason)
        if self.collector.reader.broken is not None and not self._asked_to_leave:
            # its claims count no more; without them nobody would tell it that the run is over
            self._asked_to_leave = True
            self.send("Q", b'{"ask":"leave"}')

    def _stop(self, reason: Stop) -> None:
        self.stopped, self.finished = reason, time.monotonic()
        self._end_all()
        self.ended = self._worker.ended()

    def _end_all(self) -> None:
        if self.group is not None:
            self.group.forbid_forks()
        # in good order first: whoever waits for a run's processes has to outlive them, or nobody may ever bury them
        self._worker.stop()
        if self.group is not None:
            self.group.kill()

    def _ask_group(self) -> None:
        """What the kernel says of memory: it sees each peak, and it may have killed what went over the limit."""
        if self.group is None:
            return
        self.peak = self.peak.at_least(Usage(memory=self.group.peak()))
        if self.stopped is None and self.group.ran_out():
            self._stop(Stop.MEMORY)

    def _exceeded(self) -> Stop | None:
        now, limits = time.monotonic(), self._limits
        if (late := self._late(now)) is not None:
            return late
        if max(self.stdout.total, self.stderr.total) > _FLOOD * limits.output_bytes:
            return Stop.FLOOD
        if self.collector.total > _FLOOD * limits.trace_bytes:
            return Stop.FLOOD
        if now >= self._next_poll and (found := self._exceeded_by_tree(now)) is not None:
            return found
        return self._exceeded_by_files(now) if now >= self._next_look else None

    def _late(self, now: float) -> Stop | None:
        began = self.collector.began
        if began is None:
            return Stop.START if now - self.started > START_SECONDS else None
        running = self.collector.end is None
        return Stop.WALL if running and now - began > self._limits.wall_seconds + _GRACE_SECONDS else None

    def _exceeded_by_tree(self, now: float) -> Stop | None:
        self._next_poll = now + _POLL_SECONDS
        found = self._measure()
        if found.memory > self._limits.memory_mb << 20 or (self.group is not None and self.group.ran_out()):
            return Stop.MEMORY
        if found.processes > self._limits.processes:
            return Stop.PROCESSES
        return Stop.CPU if found.cpu_seconds > self._limits.cpu_seconds + _GRACE_SECONDS else None

    def _exceeded_by_files(self, now: float) -> Stop | None:
        if self.collector.began is None:
            return None
        stored = self._worker.stored(self._limits.files)
        spent = time.monotonic() - now
        self._next_look = now + spent + max(_LOOK_SECONDS, _LOOK_SHARE * spent)
        if stored.files > self._limits.files:
            return Stop.FILES
        return Stop.DISK if stored.bytes > self._limits.disk_mb << 20 else None

    def _measure(self) -> Usage:
        """What the run uses now. Processor time counts from where the student's code began."""
        found = usage(self._worker.pid, self._limits.memory_mb << 20, self._clock)
        if self.collector.began is None:
            self._cpu_before = found.cpu_seconds
        cpu = max(0.0, found.cpu_seconds - self._cpu_before)
        now = Usage(found.processes - self._worker.overhead, found.memory, cpu)
        self.peak = self.peak.at_least(now)
        return now

    def _read(self, descriptor: int, feed: Callable[[bytes], None]) -> bool:
        """Read once; whether there may be more."""
        try:
            data = os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return False
        if data:
            feed(data)
        else:
            self._selector.unregister(descriptor)
        return bool(data)

    def _write(self) -> None:
        try:
            written = os.write(self._ends.control, self._outgoing[:_CHUNK])
        except BlockingIOError:
            return
        except BrokenPipeError:
            written = len(self._outgoing)  # nobody will read it
        del self._outgoing[:written]
        if not self._outgoing:
            self._selector.unregister(self._ends.control)

    def _drain(self) -> None:
        """Take what already lies in the pipes, without waiting: a child may hold them open for ever."""
        for key in list(self._selector.get_map().values()):
            if key.fd == self._ends.control:
                continue
            for _ in range(_DRAIN_CHUNKS):
                if not self._read(key.fd, key.data):
                    break
