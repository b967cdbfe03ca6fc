"""Results and pages -> files: written under a temporary name, then renamed."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from .errors import UsageError


def check_place(folder: Path) -> None:
    """Make the folder. Raises UsageError when nothing can be written there: better before the work than after it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.NamedTemporaryFile(dir=folder, prefix=".").close()
    except OSError as error:
        reason = "a file, not a folder" if folder.is_file() else error.strerror
        raise UsageError(f"--out: {folder}: {reason}") from None


def write_text(path: Path, text: str) -> None:
    """Write a text whole or not at all. Raises UsageError when the place cannot be written."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all. Raises UsageError when the place cannot be written."""
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise UsageError(f"--out: {path}: {error.strerror}") from None
