"""A working folder on disk for a run without a room of its own, and its removal whatever was put there."""

from __future__ import annotations

import itertools
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Box:
    """A folder of one run: `work` for the student's files, `temp` for everything temporary."""

    root: Path

    @property
    def work(self) -> Path:
        return self.root / "work"

    @property
    def temp(self) -> Path:
        return self.root / "tmp"


def make_box(owner: int | None) -> Box:
    """Make one, owned by the run's throw-away identity where it has one."""
    box = Box(Path(os.path.realpath(tempfile.mkdtemp(prefix="gradeloop-"))))
    for folder in (box.work, box.temp):
        folder.mkdir(mode=0o700)
        if owner is not None:
            os.chown(folder, owner, owner)
    box.root.chmod(0o700 if owner is None else 0o711)
    return box


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
