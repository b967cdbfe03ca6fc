"""A script, a notebook or a folder that was handed in -> Submission: text, bounded, never imported."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path, PurePosixPath

from .errors import SubmissionError, UsageError
from .model import Submission, SubmissionKind
from .notebook import MAX_NOTEBOOK, Notebook, read_notebook
from .outline import Outline, outline

MAX_SOURCE = 200_000
MAX_HELPERS = 20
MAX_HELPER_BYTES = 1_000_000
ENTRY = "submission.py"
CHECK = "unreadable-submission"
SUFFIXES = (".py", ".ipynb")


def read_bytes(path: Path, limit: int = MAX_SOURCE) -> bytes:
    """The bytes of a regular file, read once. Raises SubmissionError for a link, a device or a large file."""
    try:
        descriptor = open_no_link(path)
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file") from None
    except OSError as error:
        raise SubmissionError(CHECK, f"cannot be opened: {error.strerror}") from None
    with os.fdopen(descriptor, "rb") as file:
        information = os.fstat(descriptor)
        if not stat.S_ISREG(information.st_mode):
            raise SubmissionError(CHECK, "not a regular file")
        content = file.read(limit + 1)
    if len(content) > limit:
        size = max(information.st_size, len(content))
        raise SubmissionError(CHECK, f"{size:,} bytes; at most {limit:,} are read")
    return content


def open_no_link(path: Path) -> int:
    """A descriptor of what was handed in, and not of what it links to; a pipe keeps nobody waiting. Raises OSError."""
    return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)


def decode(content: bytes) -> str:
    """Bytes -> text with `\\n` line ends. Raises SubmissionError with what to do about it."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise SubmissionError(CHECK, "the file is UTF-16; save it as UTF-8")
    if b"\0" in content:
        line = content[: content.index(b"\0")].count(b"\n") + 1
        raise SubmissionError(CHECK, "the file holds a NUL byte, so it is not a text", line)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise SubmissionError(CHECK, f"byte {error.start} is not UTF-8; save the file as UTF-8", line) from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise SubmissionError(CHECK, "the file is empty")
    return text


def read_submission(path: Path) -> tuple[Submission, SubmissionError | None]:
    """Read what was handed in. A text that cannot be used comes back with the reason, for the report."""
    path = entry_of(path) if path.is_dir() else path
    notebook = path.suffix.lower() == ".ipynb"
    content, text, problem = b"", Notebook("", {}), None
    try:
        content = read_bytes(path, MAX_NOTEBOOK if notebook else MAX_SOURCE)
        text = read_notebook(content) if notebook else Notebook(decode(content), {})
        if len(text.source.encode()) > MAX_SOURCE:
            raise SubmissionError(CHECK, f"more than {MAX_SOURCE:,} bytes of code")
    except SubmissionError as error:
        problem = error
        shown = content[:MAX_SOURCE].decode("utf-8", "replace").replace("\0", "\ufffd")
        text = Notebook("" if notebook else shown, {})
    submission = Submission(
        path=path,
        name=path.name,
        source=text.source,
        sha256=hashlib.sha256(content).hexdigest(),
        kind=SubmissionKind.NOTEBOOK if notebook else SubmissionKind.SCRIPT,
        cell_map=text.cell_map,
        files={ENTRY: text.source.encode()},
        entry=ENTRY,
    )
    return submission, problem


def entry_of(folder: Path) -> Path:
    """The file to grade in a student's folder. Raises UsageError when there is none, or more than one."""
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    named = [path for path in files if path.stem in ("submission", "main")]
    if not files:
        raise UsageError(f"{folder}: a folder without Python; name the script or notebook to grade")
    if len(named) != 1 and len(files) != 1:
        names = ", ".join(path.name for path in files[:5])
        raise UsageError(f"{folder}: which file is to be graded? Name one of {names}, or call it submission.py")
    return named[0] if len(named) == 1 else files[0]


def helpers(path: Path, names: Outline) -> dict[str, bytes]:
    """Modules beside a script that it imports, and that those import: relative name -> bytes."""
    found: dict[str, bytes] = {}
    waiting = [(names, PurePosixPath())]
    while waiting:
        outlined, package = waiting.pop()
        for name in _beside(path.parent, outlined, package):
            if str(name) in found or str(name) == path.name or len(found) >= MAX_HELPERS:
                continue
            content = read_bytes(path.parent / name, MAX_SOURCE)
            if sum(map(len, found.values())) + len(content) > MAX_HELPER_BYTES:
                raise SubmissionError(CHECK, f"modules beside the script exceed {MAX_HELPER_BYTES:,} bytes")
            found[str(name)] = content
            waiting.append((outline(decode(content) if content.strip() else "pass"), name.parent))
    return found


def _beside(folder: Path, names: Outline, package: PurePosixPath) -> list[PurePosixPath]:
    """Files below `folder` that dotted imports mean: `a.b` may be a.py, a/__init__.py and a/b.py.

    Nothing that a link leads to, be it the file or a folder on the way there.
    """
    place = folder.resolve()
    candidates: list[PurePosixPath] = []
    for dotted in sorted(names.imports):
        parts = [part for part in dotted.lstrip(".").split(".") if part]
        base = package if dotted.startswith(".") else PurePosixPath()
        for end in range(1, len(parts) + 1):
            stem = base.joinpath(*parts[:end])
            candidates += [stem.with_name(stem.name + ".py"), stem / "__init__.py"]
    return [name for name in candidates if (place / name).is_file() and (place / name).resolve() == place / name]
