"""What a run has written: files and bytes in its room or its folder, and in files that have no name any more."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_BLOCK = 512
#: a path that grows beyond this is opened and gone on from: the kernel takes none of more than 4096 bytes
_LONG_PATH = 3000
#: what one end of a pair of sockets may hold for the other, in the kernel's memory
_SOCKET = 212_992
_MOST_ANCHORS = 40


@dataclass(frozen=True)
class Stored:
    """How many files and folders there are, and how many bytes they hold."""

    files: int = 0
    bytes: int = 0

    def __add__(self, other: Stored) -> Stored:
        return Stored(self.files + other.files, self.bytes + other.bytes)


def in_room(processes: Iterable[int], folders: Iterable[str]) -> Stored:
    """What lies in a room's own file systems, seen through one of those that live in it."""
    members = list(processes)
    room = next((root for process in members if _is_another(root := f"/proc/{process}/root")), None)
    if room is None:
        return Stored()
    found, devices = Stored(), set()
    for folder in folders:
        with contextlib.suppress(OSError):
            held = os.statvfs(room + folder)
            devices.add(Path(room + folder).stat().st_dev)
            found += Stored(held.f_files - held.f_ffree, (held.f_blocks - held.f_bfree) * held.f_frsize)
    return found + unnamed(members, devices)


def on_disk(folders: Iterable[str | os.PathLike[str]], most: int) -> Stored:
    """What lies below some folders. Not looked further once there are more than `most`.

    A folder that cannot be looked into, or lies deeper than anybody needs, counts as too many.
    """
    census = Census(most)
    for folder in folders:
        with contextlib.suppress(FileNotFoundError):
            handle = os.open(folder, _FOLDER)
            try:
                census.visit(handle)
            finally:
                os.close(handle)
    return Stored(census.files, census.bytes)


def unnamed(processes: Iterable[int], devices: Iterable[int] = ()) -> Stored:
    """Files that are open and have no name: deleted, or of memory. Those on `devices` were counted already.

    A socket counts as what may wait in it.
    """
    known, sizes = set(devices), {}
    for process in processes:
        for found in _open_files(process):
            if stat.S_ISSOCK(found.st_mode):
                sizes[found.st_dev, found.st_ino] = _SOCKET
            elif stat.S_ISREG(found.st_mode) and found.st_nlink == 0 and found.st_dev not in known:
                sizes[found.st_dev, found.st_ino] = found.st_blocks * _BLOCK
    return Stored(len(sizes), sum(sizes.values()))


class Census:
    """Counts what lies below folders of hostile content, which may change under the counter's eyes."""

    def __init__(self, most: int) -> None:
        self.files = 0
        self.bytes = 0
        self._most = most
        self._linked: set[tuple[int, int]] = set()

    def visit(self, anchor: int, anchors: int = 0) -> None:
        """Count what lies below an open folder."""
        waiting = ["."]
        while waiting and self.files <= self._most:
            path = waiting.pop()
            if len(os.fsencode(path)) > _LONG_PATH:
                self._from_there_on(anchor, path, anchors)
            else:
                waiting += self._folders_in(anchor, path)

    def _from_there_on(self, anchor: int, path: str, anchors: int) -> None:
        if anchors == _MOST_ANCHORS:
            self.files = self._most + 1
            return
        with contextlib.suppress(OSError):
            handle = os.open(path, _FOLDER, dir_fd=anchor)
            try:
                self.visit(handle, anchors + 1)
            finally:
                os.close(handle)

    def _folders_in(self, anchor: int, path: str) -> list[str]:
        try:
            handle = os.open(path, _FOLDER, dir_fd=anchor)
        except PermissionError:
            self.files = self._most + 1
            return []
        except OSError:  # gone meanwhile, or no folder any more
            return []
        try:
            return [f"{path}/{name}" for name in self._count(handle)]
        finally:
            os.close(handle)

    def _count(self, handle: int) -> Iterator[str]:
        """Count the entries of one folder; the names of the folders among them."""
        with os.scandir(handle) as entries:
            for entry in entries:
                if self.files > self._most:
                    return
                with contextlib.suppress(OSError):
                    found = entry.stat(follow_symlinks=False)
                    self._add(found)
                    if stat.S_ISDIR(found.st_mode):
                        yield entry.name

    def _add(self, found: os.stat_result) -> None:
        self.files += 1
        place = (found.st_dev, found.st_ino)
        if found.st_nlink > 1 and not stat.S_ISDIR(found.st_mode):
            if place in self._linked:
                return
            self._linked.add(place)
        self.bytes += found.st_blocks * _BLOCK


def _is_another(root: str) -> bool:
    """Whether a process lives in another root than we do."""
    try:
        there, here = Path(root).stat(), Path("/").stat()
    except OSError:
        return False
    return (there.st_dev, there.st_ino) != (here.st_dev, here.st_ino)


def _open_files(process: int) -> Iterator[os.stat_result]:
    """Those of each thread: it may have files of its own, and the first one's are gone when that has ended."""
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{process}/task").iterdir():
            yield from _open_in(thread)


def _open_in(thread: Path) -> Iterator[os.stat_result]:
    with contextlib.suppress(OSError):
        for handle in (thread / "fd").iterdir():
            with contextlib.suppress(OSError):
                yield handle.stat()
