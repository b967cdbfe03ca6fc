"""A zip that was handed in -> files in a folder; distrusts its names, sizes and counts."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from .errors import UsageError
from .notebook import MAX_NOTEBOOK
from .scratch import scratch
from .submission import SUFFIXES, open_no_link
from .words import visible

#: the end of a zip's own table: a signature, then the number of members and the size of the table
END, END_SIZE, MAX_COMMENT = b"PK\x05\x06", 22, 65_535
#: a table of the large kind states its size elsewhere
LARGE_END = b"PK\x06\x07"
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
#: what lies in a project's folder and is nobody's submission; so is every name that begins with a dot
CLUTTER = ("__MACOSX", "__pycache__", "venv", "site-packages", "node_modules")
MAX_NAME = 200


@dataclass(frozen=True)
class Bounds:
    """How much of a zip is read: bytes of the file, members, bytes of one and of all that are unpacked."""

    archive: int
    members: int
    member: int
    total: int
    suffixes: tuple[str, ...]


ONE = Bounds(100_000_000, 10_000, MAX_NOTEBOOK, 50_000_000, SUFFIXES)
#: a class as a platform exports it: submissions may be zips of their own, and names lie in a file beside them
MANY = Bounds(2_000_000_000, 100_000, 100_000_000, 4_000_000_000, (*SUFFIXES, ".zip", ".yml", ".yaml"))


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Path]:
    """The path itself; of a zip, a folder that holds what is in it and is gone afterwards."""
    if path.suffix.lower() != ".zip" or not path.is_file():
        yield path
        return
    with scratch() as folder:
        # whoever names it may name a link
        unpack(path.resolve(), folder, MANY)
        yield root_of(folder)


def root_of(folder: Path) -> Path:
    """The folder itself, or the only one in it where nothing else is: archives often hold one folder with all."""
    inside = [path for path in folder.iterdir() if not is_clutter(path.name)]
    if len(inside) == 1 and inside[0].is_dir() and not inside[0].is_symlink():
        return root_of(inside[0])
    return folder


def is_clutter(name: str) -> bool:
    """Whether a file or folder of this name is left behind by tools, and not handed in."""
    return name.startswith(".") or name in CLUTTER


def unpack(path: Path, into: Path, bounds: Bounds = ONE) -> None:
    """Unpack the programs of a zip into a folder. Raises UsageError with the reason why it cannot be used.

    A zip is taken whole or not at all: a name that leaves the folder, a link or a password spoils all of it.
    """
    try:
        with os.fdopen(open_no_link(path), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise _UnusableError("not a regular file")
            _check_table(file, bounds)
            with zipfile.ZipFile(file) as archive:
                _write(archive, _programs(archive, bounds), into, bounds)
    except (zipfile.BadZipFile, zlib.error, EOFError, UnicodeDecodeError, NotImplementedError, ValueError) as error:
        raise UsageError(f"{path}: not a zip that can be read: {visible(str(error), 200)}") from None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise UsageError(f"{path}: a link") from None
        raise UsageError(f"{path}: cannot be unpacked: {error.strerror or error}") from None
    except _UnusableError as error:
        raise UsageError(f"{path}: {error}") from None


class _UnusableError(Exception):
    """Why a zip is refused."""


def _check_table(file: IO[bytes], bounds: Bounds) -> None:
    """Bound what reading the table of members costs, before anything reads it."""
    size = file.seek(0, 2)
    if size > bounds.archive:
        raise _UnusableError(f"{size:,} bytes; at most {bounds.archive:,} are read")
    file.seek(max(0, size - END_SIZE - MAX_COMMENT))
    tail = file.read()
    end = tail[tail.rfind(END) :] if END in tail else b""
    if len(end) < END_SIZE:
        raise _UnusableError("not a zip")
    if LARGE_END in tail:
        raise _UnusableError("a zip of the large kind (zip64); zip it again with fewer files")
    members, table = int.from_bytes(end[10:12], "little"), int.from_bytes(end[12:16], "little")
    if members > bounds.members or table > 400 * bounds.members:
        raise _UnusableError(f"{members:,} files; at most {bounds.members:,} are read")


def _programs(archive: zipfile.ZipFile, bounds: Bounds) -> dict[str, zipfile.ZipInfo]:
    """The members to unpack by their names in the folder; every member's name is checked."""
    found: dict[str, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        name = _name(info)
        if info.is_dir() or name.suffix.lower() not in bounds.suffixes or any(map(is_clutter, name.parts)):
            continue
        if stat.S_ISLNK(info.external_attr >> 16):
            raise _UnusableError(f"{visible(str(name), 80)} is a link")
        if info.flag_bits & 1:
            raise _UnusableError("it has a password; zip it without one")
        if info.compress_type not in METHODS:
            raise _UnusableError(f"{visible(str(name), 80)} is compressed by a method that is not read; use deflate")
        if str(name) in found:
            raise _UnusableError(f"two files are called {visible(str(name), 80)}")
        found[str(name)] = info
    return found


def _name(info: zipfile.ZipInfo) -> PurePosixPath:
    """A member's name as a path below the folder. Some tools write UTF-8 and do not say so, some write `\\`."""
    text = info.filename
    if not info.flag_bits & 0x800:
        with contextlib.suppress(UnicodeError):
            text = text.encode("cp437").decode("utf-8")
    name = PurePosixPath(text.replace("\\", "/"))
    if not name.parts:
        raise _UnusableError("a file without a name")
    if name.is_absolute() or ".." in name.parts or ":" in text[:2]:
        raise _UnusableError(f"{visible(text, 80)} leads out of the folder")
    if any(len(part.encode("utf-8", "replace")) > MAX_NAME for part in name.parts):
        raise _UnusableError(f"a name of more than {MAX_NAME} bytes: {visible(text, 40)}")
    return name


def _write(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], into: Path, bounds: Bounds) -> None:
    left = bounds.total
    for name, info in sorted(members.items()):
        # what a member says of its size is not believed: it is read up to the bound
        with archive.open(info) as member:
            content = member.read(min(left, bounds.member) + 1)
        if len(content) > min(left, bounds.member):
            limit = bounds.member if len(content) > bounds.member else bounds.total
            raise _UnusableError(f"{visible(name, 80)} unpacks to too much; at most {limit:,} bytes are read")
        left -= len(content)
        target = into / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
