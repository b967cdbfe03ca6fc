"""A temporary folder of this grader's own; those of graders that were killed are removed by the next."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

_PREFIX = "gradeloop-scratch-"
#: what tempfile puts behind a prefix
_DRAWN = "?" * 8
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextlib.contextmanager
def scratch(where: Path | None = None, prefix: str = _PREFIX) -> Iterator[Path]:
    """A new empty folder, locked as long as this process lives, and gone afterwards.

    `where`: a folder of ours in which it is made, where what becomes of it stays on one file system. Raises OSError.
    """
    sweep(where, prefix)
    folder, lock = _locked(where, prefix)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def sweep(where: Path | None = None, prefix: str = _PREFIX) -> None:
    """Remove what killed graders have left: ours by owner and name, and nobody holds its lock."""
    for place in (where or Path(tempfile.gettempdir())).glob(f"{prefix}{_DRAWN}"):
        with contextlib.suppress(OSError):
            _remove_if_left(place)


def _locked(where: Path | None, prefix: str) -> tuple[Path, int]:
    """Somebody who sweeps may be faster than the lock; then another one is made."""
    while True:
        folder = Path(tempfile.mkdtemp(dir=where, prefix=prefix))
        with contextlib.suppress(FileNotFoundError):
            lock = os.open(folder, _FOLDER)
            with contextlib.suppress(OSError):  # a file system without locks: then nobody can sweep it either
                fcntl.flock(lock, fcntl.LOCK_EX)
            if folder.exists():
                return folder, lock
            os.close(lock)


def _remove_if_left(place: Path) -> None:
    handle = os.open(place, _FOLDER)
    try:
        if os.fstat(handle).st_uid == os.geteuid():
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(place, ignore_errors=True)
    finally:
        os.close(handle)
