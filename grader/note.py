"""What is known of a submission beside its text: whose it is, when it came, and which words must not be shown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .errors import UsageError

#: what a course's policy may be told of a submission (hook `grader_grade`)
POLICY = ("student", "student_id", "submitted_at", "due_at", "late", "earlier")
FILE = "resume.json"
MAX_NOTE = 5_000_000


@dataclass(frozen=True)
class Note:
    """One submission's note. Times are ISO 8601; `earlier`: `{"id", "score", "max_score"}` of earlier results."""

    student: str | None = None
    student_id: str | None = None
    submitted_at: str | None = None
    due_at: str | None = None
    late: bool | None = None
    earlier: tuple[Mapping[str, Any], ...] = ()
    #: words that a report must not show, for a class without names
    hidden: tuple[str, ...] = ()
    #: left beside the result, so that a second batch knows what it was made from
    resume: Mapping[str, str] = field(default_factory=dict)

    @property
    def metadata(self) -> dict[str, Any]:
        """For the hook `grader_grade`: what is not known is absent."""
        known = {key: getattr(self, key) for key in POLICY}
        return {key: value for key, value in known.items() if value not in (None, ())}

    def to_json(self) -> str:
        return json.dumps(asdict(self))


def read_note(path: Path | None) -> Note:
    """The note in a file; an empty one without a file. Raises UsageError when it is no note."""
    if path is None:
        return Note()
    try:
        with path.open("rb") as file:
            record = json.loads(file.read(MAX_NOTE))
        known = {key: value for key, value in record.items() if key in Note.__dataclass_fields__}
        lists = {key: tuple(record.get(key) or ()) for key in ("earlier", "hidden")}
        return Note(**{**known, **lists})
    except OSError as error:
        raise UsageError(f"--metadata: {path}: {error.strerror}") from None
    except (ValueError, AttributeError, TypeError) as error:
        raise UsageError(f"--metadata: {path}: not a submission's metadata: {error}") from None
