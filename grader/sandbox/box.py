"""A working folder on disk for a run without a room of its own, and its removal whatever was put there."""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import stat
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .storage import Stored, on_disk, unnamed

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

#: where every process of the machine makes shared memory
SHARED_MEMORY = Path("/dev/shm")
_PREFIXES = ("gradeloop-box-", "gradeloop-canary-")
#: younger ones may be about to be locked
_STALE_SECONDS = 120.0


@dataclass(frozen=True)
class Box:
    """A folder of one run: `work` for the student's files, `temp` for everything temporary.

    `owner`: the throw-away identity that writes there. `lock`: held as long as the grader that made it lives.
    """

    root: Path
    owner: int | None = None
    lock: int | None = None

    @property
    def work(self) -> Path:
        return self.root / "work"

    @property
    def temp(self) -> Path:
        return self.root / "tmp"

    def stored(self, processes: Iterable[int], most: int) -> Stored:
        """What its run has written: here, as shared memory, and without a name."""
        # without a throw-away identity shared memory is either closed to the run, or mapped and counted as memory
        counted = {SHARED_MEMORY.stat().st_dev} if self.owner is None and SHARED_MEMORY.is_dir() else ()
        return on_disk([self.work, self.temp], most) + unnamed(processes, counted) + _shared(self.owner, most)

    def remove(self) -> None:
        """Remove it and all that its run left, once; nothing else may be running in it."""
        if self.root.exists():
            remove_tree(self.root)
        _remove_shared(self.owner)
        if self.lock is not None:
            os.close(self.lock)


def make_box(owner: int | None) -> Box:
    """Make one, owned by the run's throw-away identity where it has one."""
    remove_stale()
    root = Path(os.path.realpath(tempfile.mkdtemp(prefix=_PREFIXES[0])))
    lock = os.open(root, _FOLDER)
    fcntl.flock(lock, fcntl.LOCK_EX)
    box = Box(root, owner, lock)
    for folder in (box.work, box.temp):
        folder.mkdir(mode=0o700)
        if owner is not None:
            os.chown(folder, owner, owner)
    box.root.chmod(0o700 if owner is None else 0o711)
    return box


def remove_stale() -> None:
    """Remove the folders of graders that were killed: ours by owner and name, and nobody holds their lock."""
    for place in Path(tempfile.gettempdir()).glob("gradeloop-*"):
        if place.name.startswith(_PREFIXES):
            with contextlib.suppress(OSError):
                _remove_if_stale(place)


def _remove_if_stale(root: Path) -> None:
    handle = os.open(root, _FOLDER)
    try:
        found = os.fstat(handle)
        if found.st_uid != os.geteuid() or time.time() - found.st_mtime < _STALE_SECONDS:
            return
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        work = root / "work"
        owner = work.lstat().st_uid if work.is_dir() else os.geteuid()
        Box(root, None if owner == os.geteuid() else owner).remove()
    finally:
        os.close(handle)


def _shared(owner: int | None, most: int) -> Stored:
    entries = _shared_files(owner)
    found = [status for entry in entries if (status := _status(entry)) is not None]
    folders = [entry for entry in entries if entry.is_dir() and not entry.is_symlink()]
    return Stored(len(found), sum(status.st_blocks * 512 for status in found)) + on_disk(folders, most)


def _remove_shared(owner: int | None) -> None:
    for entry in _shared_files(owner):
        if entry.is_dir() and not entry.is_symlink():
            remove_tree(entry)
        else:
            entry.unlink(missing_ok=True)


def _shared_files(owner: int | None) -> list[Path]:
    """What a throw-away identity has made as shared memory; nobody else has its number."""
    if owner is None or not SHARED_MEMORY.is_dir():
        return []
    return [
        entry for entry in SHARED_MEMORY.iterdir() if (found := _status(entry)) is not None and found.st_uid == owner
    ]


def _status(entry: Path) -> os.stat_result | None:
    try:
        return entry.lstat()
    except FileNotFoundError:
        return None


def remove_tree(root: Path) -> None:
    """Remove a folder of hostile content: links are never followed, and no depth is too deep.

    Every folder found is first moved up to the top, so that no path grows and nothing recurses. Nothing else
    may be running in it.
    """
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    numbers = itertools.count()
    try:
        _empty(handle, handle, numbers)
        while names := _names(handle):
            for name in names:
                os.chmod(name, 0o700, dir_fd=handle)
                inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=handle)
                _empty(inner, handle, numbers)
                os.close(inner)
                os.rmdir(name, dir_fd=handle)
    finally:
        os.close(handle)
    root.rmdir()


def _empty(folder: int, top: int, numbers: itertools.count[int]) -> None:
    """Delete the files of a folder; move its folders to the top under names that nobody else has."""
    for name in _names(folder):
        mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
        if not stat.S_ISDIR(mode):
            os.unlink(name, dir_fd=folder)
            continue
        os.chmod(name, 0o700, dir_fd=folder)
        fresh = _fresh_name(top, numbers)
        os.rename(name, fresh, src_dir_fd=folder, dst_dir_fd=top)


def _names(folder: int) -> list[str]:
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries]


def _fresh_name(top: int, numbers: itertools.count[int]) -> str:
    while True:
        name = f".doomed-{next(numbers)}"
        try:
            os.stat(name, dir_fd=top, follow_symlinks=False)
        except FileNotFoundError:
            return name
