"""A run's processes as /proc shows them: how many, how large, how busy; and how to end them all."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_GONE_SECONDS = 5.0


@dataclass(frozen=True)
class Usage:
    """What a tree of processes uses now. Memory: anonymous and shared pages, in bytes."""

    processes: int = 0
    memory: int = 0
    cpu_seconds: float = 0.0

    def at_least(self, other: Usage) -> Usage:
        """The larger of each."""
        return Usage(
            max(self.processes, other.processes),
            max(self.memory, other.memory),
            max(self.cpu_seconds, other.cpu_seconds),
        )


def tree(root: int) -> list[int]:
    """A process and everything below it; just the process where there is no /proc."""
    found = [root]
    for process in found:  # grows while it is read
        found += _children(process)
    return found


class Clock:
    """Processor time of a tree, also of those that were seen in it and ended without anybody waiting for them."""

    def __init__(self) -> None:
        self._own: dict[tuple[int, str], float] = {}
        self._gone = 0.0

    def read(self, members: Iterable[int]) -> float:
        """Seconds until now. What the kernel adds up of children it adds only where their parent waits for them."""
        times = {process: fields for process in members if len(fields := _stat(process)) > 19}
        own = {(process, fields[19]): _seconds(fields[11:13]) for process, fields in times.items()}
        self._gone += sum(seconds for one, seconds in self._own.items() if one not in own)
        self._own = own
        return max(self._gone + sum(own.values()), sum(_seconds(fields[11:15]) for fields in times.values()))


def usage(root: int, limit: int, clock: Clock) -> Usage:
    """Sum over the tree. Only when the cheap sum exceeds `limit` bytes are shared pages divided fairly.

    Memory is that of the processes below `root`, which is the sandbox's own and may hold a copy of a server.
    """
    members = tree(root)
    memory = sum(_resident(process) for process in members[1:])
    if memory > limit:
        memory = min(memory, _proportional(members[1:], otherwise=memory))
    return Usage(len(members), memory, clock.read(members))


def tasks_of_user() -> int:
    """Threads that this user runs on the machine: RLIMIT_NPROC counts them all."""
    mine, count = os.getuid(), 0
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if entry.stat().st_uid == mine:
                count += len(list((entry / "task").iterdir()))
    return count


def kill_tree(root: int) -> None:
    """Kill a process and everything below it: stop them first, to a fixpoint, so that nothing forks away."""
    doomed: dict[int, str] = {}
    deadline = time.monotonic() + _GONE_SECONDS
    while time.monotonic() < deadline:
        new = [process for process in tree(root) if process not in doomed]
        if not new:
            break
        for process in new:
            doomed[process] = birth(process)
            _stop(process)
    for process in doomed:
        with contextlib.suppress(OSError):
            os.kill(process, signal.SIGKILL)
    while time.monotonic() < deadline and any(born and birth(one) == born for one, born in doomed.items()):
        time.sleep(0.005)


def living(processes: Iterable[int]) -> list[int]:
    """Those that still run; a zombie does not."""
    return [process for process in processes if birth(process)]


def _stop(process: int) -> None:
    with contextlib.suppress(OSError, AttributeError, ValueError):
        resource.prlimit(process, resource.RLIMIT_NPROC, (0, 0))
    with contextlib.suppress(OSError):
        os.kill(process, signal.SIGSTOP)


def _children(process: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{process}/task").iterdir():  # a child belongs to the thread that forked it
            found += [int(word) for word in _read(f"{thread}/children").split()]
    return found


def _resident(process: int) -> int:
    """Pages in memory, and the tables that say where they are: reading what nobody wrote makes only those grow."""
    return _kilobytes(_memory_lines(process), ("RssAnon:", "RssShmem:", "VmPTE:")) << 10


def _memory_lines(process: int) -> list[str]:
    """What the kernel says of its memory; a first thread that has ended has none, whatever the others hold."""
    for place in _threads(process):
        lines = _read(f"{place}/status").splitlines()
        if any(line.startswith("RssAnon:") for line in lines):
            return lines
    return []


def _threads(process: int) -> Iterator[str]:
    """Where /proc tells of it, and of each of its threads."""
    yield f"/proc/{process}"
    with contextlib.suppress(OSError):
        yield from map(str, Path(f"/proc/{process}/task").iterdir())


def _kilobytes(lines: Iterable[str], wanted: tuple[str, ...]) -> int:
    return sum(int(line.split()[1]) for line in lines if line.startswith(wanted))


def _proportional(members: list[int], otherwise: int) -> int:
    total = 0
    for process in members:
        try:
            total += _fair_share(process)
        except PermissionError:
            return otherwise  # hidden: believe the sum that counts shared pages twice
    return total << 10


def _fair_share(process: int) -> int:
    """Kilobytes; none of one that is gone meanwhile."""
    for place in _threads(process):
        try:
            lines = Path(f"{place}/smaps_rollup").read_text().splitlines()
        except PermissionError:
            raise
        except OSError:
            continue
        return _kilobytes(lines, ("Pss_Anon", "Pss_Shmem")) + _kilobytes(_memory_lines(process), ("VmPTE:",))
    return 0


def _seconds(ticks: Iterable[str]) -> float:
    return sum(map(int, ticks)) / _TICKS


def birth(process: int) -> str:
    """When it was born, to tell it from a later one of the same number; empty when it is gone or a zombie.

    One whose first thread has ended looks like a zombie, but for its other threads.
    """
    fields = _stat(process)
    return fields[19] if len(fields) > 19 and (fields[0] not in "ZX" or int(fields[17]) > 1) else ""


def _stat(process: int) -> list[str]:
    """The fields of /proc/PID/stat from the third on; the second may hold spaces and brackets."""
    return _read(f"/proc/{process}/stat").rpartition(")")[2].split()


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
