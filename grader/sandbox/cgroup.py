"""A control group for each run, where this machine lets us make one: the kernel itself then keeps the memory limit."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..model import Layer, Limits
from .processes import birth, tree

MOUNTED = Path("/sys/fs/cgroup")
LAYER = "memory by control group"
_OWN = Path("/proc/self/cgroup")
_PREFIX = "gradeloop"
#: more than the limit, so that whoever goes over it is seen, and told so, rather than only refused
_SPARE_TASKS = 16
_KILL_SECONDS = 5.0
#: the first version says so large a number where there is no limit
_UNLIMITED = 1 << 60
_FIX = "systemd-run --user --scope grade ..., or a container whose /sys/fs/cgroup may be written"


@dataclass(frozen=True)
class Files:
    """What the kernel calls its files; `page_cache` is a line of memory.stat, and holds shared memory as well."""

    limit: str
    swap: str
    peak: str
    events: str
    page_cache: str


SECOND = Files("memory.max", "memory.swap.max", "memory.peak", "memory.events", "file")
FIRST = Files("memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.max_usage_in_bytes",
              "memory.oom_control", "cache")  # fmt: skip


@dataclass(frozen=True)
class Group:
    """The control group of one run: a folder, and in the first version one more, for the number of tasks."""

    memory: Path
    files: Files
    tasks: Path | None

    def limit(self, limits: Limits, overhead: int) -> None:
        """Set what the run may use. Raises OSError where the memory cannot be limited."""
        size = limits.memory_mb << 20
        _write(self.memory / self.files.limit, str(size))
        first = self.files is FIRST
        optional = {
            # in the first version the limit of memory and swap together. No memory.oom.group: it would also kill the
            # sandbox's own processes, and a pid namespace ends only when somebody buries what was in it
            self.memory / self.files.swap: str(size if first else 0),
        }
        if self.tasks is not None:
            optional[self.tasks / "pids.max"] = str(limits.processes + overhead + _SPARE_TASKS)
        for path, value in optional.items():
            with contextlib.suppress(OSError):  # an older kernel, or one without swap
                _write(path, value)

    def take_in(self, root: int) -> None:
        """Move a process and all below it, before any of them runs a student's line. Raises OSError.

        From the top down: whatever a process forks after it was moved is in the group by birth.
        """
        for folder in self._folders():
            _write(folder / "cgroup.procs", str(root))
            moved = {root}
            while new := [process for process in tree(root) if process not in moved]:
                for process in new:
                    moved.add(process)
                    with contextlib.suppress(ProcessLookupError):
                        _write(folder / "cgroup.procs", str(process))

    def ran_out(self) -> bool:
        """Whether the kernel has killed any of it for want of memory."""
        return _numbers(self.memory / self.files.events).get("oom_kill", 0) > 0

    def peak(self) -> int:
        """The most that it has used, in bytes, files that the kernel only keeps at hand left out; 0 if not known."""
        stat = _numbers(self.memory / "memory.stat")
        at_hand = stat.get(self.files.page_cache, 0) - stat.get("shmem", 0)
        return max(0, _number(self.memory / self.files.peak) - max(0, at_hand))

    def forbid_forks(self) -> None:
        """From now on there is nobody new in it, as far as the number of tasks can be limited here."""
        if self.tasks is not None:
            with contextlib.suppress(OSError):
                _write(self.tasks / "pids.max", "0")

    def kill(self) -> None:
        """End everything in it: nothing forks away from that.

        A process leaves its group shortly before it is gone, so those that were seen are waited for by number.
        """
        seen: dict[int, str] = {}
        deadline = time.monotonic() + _KILL_SECONDS
        self.forbid_forks()
        while (members := self._members()) or any(born and birth(one) == born for one, born in seen.items()):
            seen |= {member: birth(member) for member in members if member not in seen}
            self._kill(members)
            if time.monotonic() > deadline:
                return
            time.sleep(0.002)

    def remove(self) -> None:
        """Take it away; it has to be empty."""
        for folder in self._folders():
            with contextlib.suppress(OSError):
                remove_folder(folder)

    def _folders(self) -> list[Path]:
        return [self.memory] if self.tasks in (None, self.memory) else [self.memory, self.tasks]

    def _members(self) -> list[int]:
        try:
            numbers = [int(word) for word in (self.memory / "cgroup.procs").read_text().split()]
        except OSError:
            return []
        # 0 is somebody whom we cannot see; to a signal it would mean ourselves
        return [number for number in numbers if number > 0]

    def _kill(self, members: list[int]) -> None:
        """At one blow where the kernel can do that."""
        try:
            _write(self.memory / "cgroup.kill", "1")
        except OSError:
            for process in members:
                with contextlib.suppress(OSError):
                    os.kill(process, signal.SIGKILL)


def enter(root: int, overhead: int, limits: Limits, mounted: Path = MOUNTED, own: Path = _OWN) -> Group | None:
    """A group with these limits for a process and all below it; None where none can be had."""
    group = make(root, mounted, own)
    if group is None:
        return None
    try:
        group.limit(limits, overhead)
        group.take_in(root)
    except OSError:
        group.remove()
        return None
    return group


def probe(mounted: Path = MOUNTED, own: Path = _OWN) -> Layer:
    """Whether groups can be had, found out by putting a process into one and killing it there."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, env={"PATH": "/usr/bin:/bin"}) as child:
        group = enter(child.pid, 0, Limits(), mounted, own)
        if group is None:
            child.kill()
            return Layer(LAYER, False, "no group can be made, so memory is looked at 20 times a second", _FIX)
        group.kill()
        killed = child.wait() == -signal.SIGKILL
        group.remove()
    return Layer(LAYER, killed)


def make(root: int, mounted: Path = MOUNTED, own: Path = _OWN) -> Group | None:
    """A new group, below the grader's own or below the first of those above it that allows that.

    It is named after the grader, so that it can be told when that is no more, and after the process it is for.
    """
    places = _own_places(own)
    name = f"{_PREFIX}-{os.getpid()}-{birth(os.getpid())}-{root}"
    if (mounted / "cgroup.controllers").exists():
        memory = _first(mounted, places.get("", "/"), name, SECOND)
        return None if memory is None else Group(memory, SECOND, memory)
    memory = _first(mounted / "memory", places.get("memory", "/"), name, FIRST)
    if memory is None:
        return None
    return Group(memory, FIRST, _new_folder(mounted / "pids" / places.get("pids", "/").strip("/"), name, "pids.max"))


def create_folder(path: Path) -> None:
    """Ask the kernel for a group."""
    path.mkdir()


def remove_folder(path: Path) -> None:
    """Give it back."""
    path.rmdir()


def _own_places(own: Path) -> dict[str, str]:
    """Controller -> the grader's own group, "" for the second version, out of lines like 4:memory:/a/b."""
    found: dict[str, str] = {}
    with contextlib.suppress(OSError):
        for line in own.read_text(encoding="utf-8", errors="replace").splitlines():
            _, controllers, place = line.split(":", 2)
            found |= dict.fromkeys(controllers.split(","), place)
    return found


def _first(top: Path, place: str, name: str, files: Files) -> Path | None:
    """A new group as near to our own as one can be had, but never outside of one whose memory somebody has limited."""
    nearest = top / place.strip("/")
    above = [nearest, *nearest.parents] if ".." not in nearest.parts else []
    for folder in above:
        if not folder.is_relative_to(top):
            return None
        if (made := _new_folder(folder, name, files.limit)) is not None:
            return made
        if _is_limited(folder / files.limit):
            return None
    return None


def _is_limited(limit: Path) -> bool:
    """Whether a group has a limit of its own: "max" and numbers that no memory reaches stand for none."""
    return 0 < _number(limit) < _UNLIMITED


def _new_folder(above: Path, name: str, needed: str) -> Path | None:
    """A new group below another one, if it gets the file that is needed."""
    _sweep(above)
    folder = above / name
    try:
        create_folder(folder)
    except OSError:
        return None
    if (folder / needed).exists() or _hand_down(above, folder / needed):
        return folder
    with contextlib.suppress(OSError):
        remove_folder(folder)
    return None


def _hand_down(above: Path, needed: Path) -> bool:
    """Let groups below this one have limits: the second version wants to be asked, and may refuse."""
    for controller in ("+memory", "+pids"):
        with contextlib.suppress(OSError):
            _write(above / "cgroup.subtree_control", controller)
    return needed.exists()


def _sweep(above: Path) -> None:
    """Remove groups of graders that are no more. One with a process in it cannot be removed, and stays."""
    for folder in _left(above):
        _, process, born, _ = folder.name.split("-")
        if birth(int(process)) != born:
            with contextlib.suppress(OSError):
                remove_folder(folder)


def _left(above: Path) -> Iterator[Path]:
    with contextlib.suppress(OSError):
        yield from above.glob(f"{_PREFIX}-[0-9]*-[0-9]*-[0-9]*")


def _write(path: Path, text: str) -> None:
    """Say something to the kernel; a file that is not there is not made."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def _number(path: Path) -> int:
    with contextlib.suppress(OSError, ValueError):
        return int(path.read_text())
    return 0


def _numbers(path: Path) -> dict[str, int]:
    """Lines of a name and a number."""
    found: dict[str, int] = {}
    with contextlib.suppress(OSError):
        for line in path.read_text().splitlines():
            name, _, value = line.partition(" ")
            if value.strip().isdigit():
                found[name] = int(value)
    return found
