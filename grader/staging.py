"""An Entry -> a folder of its own with the programs that were handed in, and nothing of anybody else."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .archives import is_clutter, unpack
from .errors import UsageError
from .layouts import Entry
from .notebook import MAX_NOTEBOOK
from .submission import MAX_SOURCE, SUFFIXES, entry_of, open_no_link

MAX_FILES = 500
MAX_DEPTH = 12
ENTRIES = ("submission", "main")


@dataclass(frozen=True)
class Staged:
    """A submission that is ready to be graded: the file to name, and a digest over all that lies with it."""

    entry: Entry
    path: Path
    digest: str


def stage(entry: Entry, folder: Path, shared: Path | None = None, *, called: str | None = None) -> Staged:
    """Copy a submission into an empty folder. `called`: another name for the file that is graded, without suffix.

    Files of `shared` are put beside it. Raises UsageError with the reason why there is nothing to grade.
    """
    folder.mkdir(parents=True)
    for name, source in entry.files:
        _take(source, folder, name)
    archives = [path for path in _walk(folder) if path.suffix.lower() == ".zip"]
    if len(archives) == 1 and not any(path.suffix.lower() in SUFFIXES for path in _walk(folder)):
        [archive] = archives
        _unpacked(archive, folder)
    if len(entry.files) == 1 and not any(folder.iterdir()) and not entry.files[0][1].is_dir():
        raise UsageError(f"{entry.files[0][0]}: not a program; .py, .ipynb and .zip are graded")
    root = _root(folder)
    path = _renamed(_entry(root), called)
    if shared is not None:
        _share(shared, path.parent)
    return Staged(entry, path, _digest(path, root))


def _take(source: Path, folder: Path, name: str) -> None:
    """A file, a folder's programs, or what is in a zip, into the folder."""
    if source.is_dir() and not source.is_symlink():
        for path in _walk(source):
            copy(path, folder / path.relative_to(source))
    elif source.suffix.lower() == ".zip":
        _unpacked(source, folder)
    elif source.suffix.lower() in SUFFIXES:
        copy(source, folder / Path(name).name)


def _unpacked(archive: Path, folder: Path) -> None:
    try:
        unpack(archive, folder)
    except UsageError as error:
        raise UsageError(str(error).replace(str(archive), archive.name)) from None


def _walk(folder: Path) -> Iterator[Path]:
    """Programs and zips below a folder, by name; links to folders are not followed."""
    found = 0
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not is_clutter(name))
        if len(Path(place).relative_to(folder).parts) >= MAX_DEPTH:
            folders.clear()
        for name in sorted(files):
            if Path(name).suffix.lower() in (*SUFFIXES, ".zip") and not is_clutter(name):
                found += 1
                if found > MAX_FILES:
                    raise UsageError(f"more than {MAX_FILES} programs in it")
                yield Path(place) / name


def copy(source: Path, target: Path) -> None:
    """A file with as many bytes as anybody reads; a link or a device stays unreadable, and ends in a report."""
    if target.exists() or target.is_symlink():
        raise UsageError(f"two files are called {target.name}")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = open_no_link(source)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise UsageError(f"{source.name}: cannot be opened: {error.strerror}") from None
        target.symlink_to("a link that was handed in")
        return
    with os.fdopen(descriptor, "rb") as file:
        information = os.fstat(descriptor)
        if not stat.S_ISREG(information.st_mode):
            os.mkfifo(target)
            return
        target.write_bytes(file.read(_limit(source) + 1))
        # the report says how large it was
        os.truncate(target, max(information.st_size, target.stat().st_size))


def _limit(path: Path) -> int:
    return {".py": MAX_SOURCE, ".ipynb": MAX_NOTEBOOK}.get(path.suffix.lower(), 100_000_000)


def _root(folder: Path) -> Path:
    """Where the programs are: the topmost folder that holds any, or the one with a submission.py or main.py."""
    programs = [path for path in _walk(folder) if path.suffix.lower() in SUFFIXES]
    if not programs:
        raise UsageError("a folder without Python")
    top = min((path.parent for path in programs), key=lambda path: len(path.parts))
    if all(path.is_relative_to(top) for path in programs):
        return top
    named = [path.parent for path in programs if path.stem in ENTRIES]
    if len(named) != 1:
        names = ", ".join(str(path.relative_to(folder)) for path in programs[:5])
        raise UsageError(f"which file is to be graded? Name one of {names}, or call it submission.py")
    return named[0]


def _entry(root: Path) -> Path:
    try:
        return entry_of(root)
    except UsageError as error:
        raise UsageError(str(error).removeprefix(f"{root}: ")) from None


def _renamed(path: Path, called: str | None) -> Path:
    return path.rename(path.with_name(called + path.suffix.lower())) if called else path


def _share(shared: Path, folder: Path) -> None:
    """Put the instructor's modules beside a submission; what a student handed in comes first."""
    for path in _walk(shared):
        target = folder / path.relative_to(shared)
        if not target.exists():
            copy(path, target)


def _digest(entry: Path, root: Path) -> str:
    """Changes when a name or a byte of anything changes that could be read."""
    digest = hashlib.sha256(os.fsencode(entry.name))
    for path in _all_files(root):
        digest.update(b"\0" + os.fsencode(path.relative_to(root)) + b"\0")
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                digest.update(hashlib.sha256(file.read(_limit(path) + 1)).digest() + b"%d" % path.stat().st_size)
    return digest.hexdigest()


def _all_files(root: Path) -> Iterable[Path]:
    return sorted(path for path in root.rglob("*") if not path.is_dir())
