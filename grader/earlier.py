"""What lay in --out before this grading: earlier attempts at the same submission, for the page."""

from __future__ import annotations

from pathlib import Path

from .errors import UsageError
from .result import Attempt, Result, from_json

KEPT = 10
MAX_BYTES = 5_000_000


def earlier_attempts(folder: Path, result: Result) -> tuple[Attempt, ...]:
    """Oldest first, at most 10. The same run again is no new attempt, and what cannot be read is none.

    A student may have put a file there, so it is only ever shown, and decides nothing.
    """
    before = _read(folder / "result.json")
    if before is None or not _is_of_the_same(before, result):
        return ()
    if before.id == result.id:
        return before.earlier[-KEPT:]
    return (*before.earlier, Attempt(before.id, before.score))[-KEPT:]


def _read(path: Path) -> Result | None:
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        return from_json(content.decode("utf-8", "replace"), str(path)) if len(content) <= MAX_BYTES else None
    except (OSError, UsageError, RecursionError):
        return None


def _is_of_the_same(before: Result, result: Result) -> bool:
    same_file = before.submission.name == result.submission.name
    return same_file and before.exercise.get("id") == result.exercise.get("id")
