"""A course's list of students -> who handed in what: a CSV file with one line for each student."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath

from .errors import UsageError
from .layouts import Entry
from .words import visible

#: what a column may be called, in lower case; the first one that is there is used
COLUMNS = {
    "submission": ("submission", "file", "filename", "folder", "entrega", "archivo"),
    "id": ("id", "student_id", "sis user id", "sid", "user id", "matricula", "matrícula"),
    "name": ("name", "student", "full name", "fullname", "nombre", "alumno", "estudiante"),
    "email": ("email", "email address", "e-mail", "correo"),
    "submitted_at": ("submitted_at", "submitted", "entregado"),
    "due_at": ("due_at", "due", "fecha límite"),
}
MAX_BYTES = 20_000_000


@dataclass(frozen=True)
class Student:
    """One line of a roster; what it does not say is empty."""

    line: int
    submission: str = ""
    id: str = ""
    name: str = ""
    email: str = ""
    submitted_at: str = ""
    due_at: str = ""


@dataclass(frozen=True)
class Roster:
    """Students, and the lines that cannot be used because two of them claim the same."""

    path: str
    students: tuple[Student, ...] = ()
    #: what is claimed twice (an id, a submission) -> why nobody gets it
    doubtful: Mapping[str, str] = field(default_factory=dict)

    def find(self, names: Iterable[str], student_id: str | None, student: str | None) -> Student | None:
        """The student whose submission has one of these names, else the one with this id, else with this name."""
        wanted = set(names)
        for matches in (
            [item for item in self.students if item.submission and item.submission in wanted],
            [item for item in self.students if student_id and item.id == student_id],
            [item for item in self.students if student and item.name.casefold() == student.casefold()],
        ):
            if len(matches) == 1:
                return matches[0]
        return None

    def doubt(self, names: Iterable[str], student_id: str | None) -> str | None:
        """Why it cannot be known whose submission this is, where the roster contradicts itself."""
        keys = [*names, *([student_id] if student_id else [])]
        return next((self.doubtful[key] for key in keys if key in self.doubtful), None)


def read_roster(path: Path) -> Roster:
    """Raises UsageError for a file that is no table with a header."""
    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES + 1).decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"--roster: {path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"--roster: {path}: byte {error.start} is not UTF-8; save the file as UTF-8") from None
    if len(text) > MAX_BYTES:
        raise UsageError(f"--roster: {path}: more than {MAX_BYTES:,} bytes")
    return parse_roster(text, str(path))


def parse_roster(text: str, where: str) -> Roster:
    """As `read_roster`, from the text."""
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=_delimiter(text)))
    except csv.Error as error:
        raise UsageError(f"--roster: {where}: not a table: {error}") from None
    columns = _columns(rows[0] if rows else [])
    if "submission" not in columns and "id" not in columns and "name" not in columns:
        first = visible(", ".join(rows[0]), 80) if rows else "empty"
        raise UsageError(f"--roster: {where}: line 1 is no header with a column submission, id or name, but: {first}")
    students = tuple(_student(number, row, columns) for number, row in enumerate(rows[1:], 2) if any(row))
    doubtful = _doubtful(students, where)
    clear = tuple(item for item in students if not {item.id, item.submission} & doubtful.keys())
    return Roster(where, clear, doubtful)


def _delimiter(text: str) -> str:
    """The one that the header has most of; a comma where it has none."""
    header = text.split("\n", 1)[0]
    return max(",;\t", key=header.count)


def _columns(header: list[str]) -> dict[str, int]:
    names = [name.strip().casefold() for name in header]
    found = {
        key: next((names.index(choice) for choice in choices if choice in names), None)
        for key, choices in COLUMNS.items()
    }
    return {key: index for key, index in found.items() if index is not None}


def _student(line: int, row: list[str], columns: Mapping[str, int]) -> Student:
    values = {key: row[index].strip() for key, index in columns.items() if index < len(row)}
    return Student(line, **values)


def _doubtful(students: Iterable[Student], where: str) -> dict[str, str]:
    """Ids and submissions that stand in two lines: whom they belong to cannot be known."""
    seen: dict[str, list[int]] = {}
    for item in students:
        for key in {item.id, item.submission} - {""}:
            seen.setdefault(key, []).append(item.line)
    name = PurePath(where).name
    return {
        key: f"{name}: lines {', '.join(map(str, lines))} all claim {visible(key, 60)}"
        for key, lines in seen.items()
        if len(lines) > 1
    }


@dataclass(frozen=True)
class Missing:
    """What is not graded, and why."""

    entry: Entry
    reason: str


def assign(entries: Sequence[Entry], roster: Roster | None) -> tuple[list[Entry], list[Missing]]:
    """Say whose each submission is. Left out: what nobody can be sure of, and who handed in nothing."""
    named: list[Entry] = []
    left_out: list[Missing] = []
    met: set[int] = set()
    for entry in entries:
        student = _student_of(entry, roster)
        doubt = roster.doubt(_names(entry), entry.student_id) if roster else None
        met |= {student.line} if student else set()
        if doubt is not None:
            left_out.append(Missing(entry, doubt))
        else:
            named.append(_filled_in(entry, student) if student else entry)
    absent = [student for student in roster.students if student.line not in met] if roster else []
    nothing = [Missing(_filled_in(Entry(_called(item), ()), item), "nothing was handed in") for item in absent]
    sure, twice = _once_each(named)
    return sure, [*left_out, *twice, *nothing]


def _student_of(entry: Entry, roster: Roster | None) -> Student | None:
    return roster.find(_names(entry), entry.student_id, entry.student) if roster else None


def _names(entry: Entry) -> list[str]:
    """What a roster may call a submission: its file or folder, with or without the suffix."""
    return [entry.name, PurePath(entry.name).stem]


def _called(student: Student) -> str:
    return student.submission or student.id or student.name or f"line {student.line}"


def _filled_in(entry: Entry, student: Student) -> Entry:
    """The roster knows better than the name of a file."""
    return replace(
        entry,
        student=student.name or entry.student,
        student_id=student.id or entry.student_id,
        email=student.email or entry.email,
        submitted_at=student.submitted_at or entry.submitted_at,
        due_at=student.due_at or entry.due_at,
    )


def _once_each(entries: Sequence[Entry]) -> tuple[list[Entry], list[Missing]]:
    """Two submissions of one student: which of them counts is not for us to choose."""
    owners: dict[str, list[Entry]] = {}
    for entry in entries:
        owners.setdefault(entry.identity.casefold(), []).append(entry)
    twice = [own for own in owners.values() if len(own) > 1]
    doubtful = [Missing(entry, _two_of(own)) for own in twice for entry in own]
    return [own[0] for own in owners.values() if len(own) == 1], doubtful


def _two_of(own: Sequence[Entry]) -> str:
    names = ", ".join(visible(entry.name, 60) for entry in own[:5])
    return f"{len(own)} submissions of one student ({visible(own[0].identity, 60)}): {names}; leave the one that counts"
