"""The scores of a class and a platform's own sheet -> the files that its gradebook takes in."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from .errors import UsageError
from .output import write_bytes
from .words import FORMULA, visible

MAX_SHEET = 50_000_000
DELIMITERS = (",", ";", "\t")
NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?")


@dataclass(frozen=True)
class GradebookRow:
    """One submission's score. `student` is what the platform calls the student: an id, a login, an e-mail or ""."""

    student: str
    name: str
    #: None when it waits for a person, or was not graded: then nothing is entered
    score: float | None
    max_score: float
    email: str = ""
    #: the student's page, where one was written
    page: Path | None = None

    @property
    def called(self) -> str:
        """How a message names this row."""
        return visible(self.name or self.student or "somebody", 80)


@dataclass(frozen=True)
class Sheet:
    """A CSV file as a platform wrote it: rows of cells, the header first."""

    rows: tuple[tuple[str, ...], ...]
    delimiter: str = ","
    #: begins with a byte order mark, as what a spreadsheet saves does
    marked: bool = False

    @property
    def header(self) -> tuple[str, ...]:
        return self.rows[0]

    def text(self, rows: Iterable[Sequence[str]], kept: Container[int] = ()) -> str:
        """Rows in this sheet's own dialect; cells are made harmless, but for those of the columns `kept`."""
        out = io.StringIO()
        csv.writer(out, delimiter=self.delimiter, lineterminator="\n").writerows(
            [cell if column in kept else harmless(cell) for column, cell in enumerate(row)] for row in rows
        )
        return ("\ufeff" if self.marked else "") + out.getvalue()


@dataclass(frozen=True)
class Filled:
    """Files by name, and a line for each score that could not be entered."""

    files: Mapping[str, bytes]
    problems: tuple[str, ...] = ()


class Gradebook(Protocol):
    """Enters scores into what a platform exported. `sheet` says which of its files that is, for messages."""

    sheet: str

    def __call__(self, sheet: Sheet, rows: Sequence[GradebookRow], title: str) -> Filled: ...


@dataclass(frozen=True)
class Entry:
    """Who a line of the sheet is about: ids from the surest to the least sure, and a name."""

    ids: tuple[str, ...]
    name: str = ""


@dataclass
class Pairs:
    """Lines of the sheet with their row, by number; and why other rows have none."""

    rows: dict[int, GradebookRow] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def write_gradebook(
    gradebook: Gradebook, sheet: Path | None, rows: Sequence[GradebookRow], title: str, folder: Path
) -> tuple[str, ...]:
    """Fill in the sheet and write what comes of it. Returns a line for each score that could not be entered."""
    filled = gradebook(load_sheet(gradebook, sheet), rows, title)
    for name, content in sorted(filled.files.items()):
        write_bytes(folder / name, content)
    return filled.problems


def load_sheet(gradebook: Gradebook, path: Path | None) -> Sheet:
    """The sheet in a file. Raises UsageError that names what is missing or cannot be read."""
    if path is None:
        raise UsageError(f"--sheet: name {gradebook.sheet}, into which the scores are to be entered")
    return read_sheet(_text(path), str(path))


def read_sheet(text: str, where: str = "the sheet") -> Sheet:
    """Cells of a CSV text, whichever delimiter it uses. Raises UsageError when there is nothing in it."""
    marked = text.startswith("\ufeff")
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    first = lines.split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=lambda sign: (len(next(csv.reader([first], delimiter=sign), [])), sign == ","))
    try:
        rows = tuple(tuple(row) for row in csv.reader(io.StringIO(lines), delimiter=delimiter) if any(row))
    except csv.Error as error:
        raise UsageError(f"{where}: not CSV: {error}") from None
    if not rows:
        raise UsageError(f"{where}: empty; export it again")
    width = len(rows[0])
    return Sheet(tuple((*row, *("" for _ in range(width - len(row)))) for row in rows), delimiter, marked)


def harmless(text: str) -> str:
    """A cell that a spreadsheet shows as it is: one line, no control character, never a formula."""
    shown = " ".join(visible(text, len(text)).split("\n"))
    begins = shown.strip().startswith(FORMULA) and shown.strip() != "-" and not NUMBER.fullmatch(shown.strip())
    return f"'{shown}" if begins else shown


def points(score: float) -> str:
    """A number that every platform reads alike: a dot, two decimals at most, never a sign for thousands."""
    return f"{score:.2f}".rstrip("0").rstrip(".")


def scaled(row: GradebookRow, most: float | None) -> str:
    """The score on the platform's own scale; "" where there is none."""
    if row.score is None:
        return ""
    return points(row.score * most / row.max_score if most and row.max_score else row.score)


def maximum(rows: Sequence[GradebookRow]) -> float:
    """What one column is out of. Raises UsageError when the results are of exercises with different maxima."""
    found = sorted({row.max_score for row in rows if row.score is not None})
    if len(found) > 1:
        listed = ", ".join(points(value) for value in found)
        raise UsageError(f"one column holds one exercise, but these results are out of {listed} points")
    return found[0] if found else 0.0


def pair(entries: Mapping[int, Entry], rows: Sequence[GradebookRow]) -> Pairs:
    """Find each row's line: by id, then e-mail, then a name that only one has. What is not sure is left out."""
    pairs, meant = Pairs(), Counter[int]()
    found = [(row, _lines(entries, row)) for row in rows]
    meant.update(lines[0] for _, lines in found if len(lines) == 1)
    for row, lines in found:
        if not lines:
            pairs.problems.append(f"{row.called}: not in the sheet")
        elif len(lines) > 1:
            pairs.problems.append(f"{row.called}: fits {len(lines)} lines of the sheet")
        elif meant[lines[0]] > 1:
            pairs.problems.append(f"{row.called}: {meant[lines[0]]} submissions are for the same line of the sheet")
        else:
            pairs.rows[lines[0]] = row
    return pairs


def _lines(entries: Mapping[int, Entry], row: GradebookRow) -> list[int]:
    """Lines that a row may mean, by the surest key that any line has."""
    student, name = _key(row.student), _name_key(row.name)
    named = [number for number, entry in entries.items() if name and _name_key(entry.name) == name]
    for value in (student, _key(row.email)):
        known = [number for number, entry in entries.items() if value and value in map(_key, entry.ids)]
        # the number of one student may be the login of another: then the name decides, if it can
        both = [number for number in known if number in named]
        if known:
            return both if len(both) == 1 else known
    # a number that the sheet does not have is somebody else, whatever the name
    numbered = student.isdecimal() and any(name.strip().isdecimal() for entry in entries.values() for name in entry.ids)
    return [] if numbered else named


def _key(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().casefold()


def _name_key(text: str) -> str:
    """`López, Ana` and `Ana López` are one name."""
    return " ".join(sorted(_key(text).replace(",", " ").split()))


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_SHEET + 1)
        if len(content) > MAX_SHEET:
            raise UsageError(f"{path}: more than {MAX_SHEET:,} bytes; no gradebook is that large")
        return content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: byte {error.start} is not UTF-8; save the sheet as UTF-8") from None
