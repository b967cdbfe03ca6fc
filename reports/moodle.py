"""moodle.csv and moodle-feedback.zip: Moodle's own grading worksheet, filled in, and the pages for its students."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from grader import UsageError, gradebooks, hookimpl, visible

#: headers are translated on a site, so English and Spanish are known, and others are told by what is below them
IDENTIFIER = ("identifier", "identificador")
GRADE = ("grade", "calificación", "nota", "puntuación")
MAXIMUM = ("maximum grade", "calificación máxima", "nota máxima", "puntuación máxima")
NAME = ("full name", "nombre completo")
EMAIL = ("email address", "dirección de correo", "dirección de correo electrónico", "correo electrónico")
OTHER_IDS = ("id number", "username", "número de id", "nombre de usuario")
CHANGEABLE = ("grade can be changed", "la calificación puede ser cambiada", "la calificación puede cambiarse")
GRADED = ("last modified (grade)", "última modificación (calificación)", "última modificación (nota)")
PARTICIPANT = re.compile(r"\D*?(\d+)")
#: the name of a page in the zip; Moodle reads the participant's number out of the folder's name
FEEDBACK = "{name}_{number}_assignfeedback_file_/report.html"


class MoodleGradebook:
    """Fills in what Moodle exported; every other cell of it stays, so that an import takes nothing away."""

    sheet = "the grading worksheet that Moodle exported"

    def __call__(
        self, sheet: gradebooks.Sheet, rows: Sequence[gradebooks.GradebookRow], title: str
    ) -> gradebooks.Filled:
        text, problems = fill_moodle(sheet, rows)
        pages = moodle_feedback_zip(sheet, rows)
        files = {"moodle.csv": text.encode("utf-8")}
        return gradebooks.Filled(files | ({"moodle-feedback.zip": pages} if pages else {}), problems)


@dataclass(frozen=True)
class Columns:
    """Where things are in a worksheet; None where a site leaves them out, as it does names when marking blind."""

    identifier: int
    grade: int
    maximum: int
    name: int | None
    email: int | None
    other_ids: tuple[int, ...]
    changeable: int | None
    #: what an instructor wrote, which an import takes back as it is
    feedback: range


def fill_moodle(sheet: gradebooks.Sheet, rows: Sequence[gradebooks.GradebookRow]) -> tuple[str, tuple[str, ...]]:
    """The worksheet with grades in it, and a line for each score that is not. Raises UsageError for another sheet.

    Grades are put on the worksheet's own scale. A grade that is there already stays unless there is a new one.
    """
    columns = _columns(sheet)
    pairs = gradebooks.pair(_entries(sheet, columns), rows)
    lines = [list(row) for row in sheet.rows]
    for number, row in sorted(pairs.rows.items()):
        line = lines[number]
        score = gradebooks.scaled(row, _number(line[columns.maximum]))
        if columns.changeable is not None and line[columns.changeable].strip().casefold() == "no":
            pairs.problems.append(f"{row.called}: locked in Moodle, so nothing is entered")
        elif not score:
            pairs.problems.append(f"{row.called}: no score yet")
        else:
            line[columns.grade] = score
    return sheet.text(lines, columns.feedback), tuple(sorted(pairs.problems))


def moodle_feedback_zip(sheet: gradebooks.Sheet, rows: Sequence[gradebooks.GradebookRow]) -> bytes:
    """The pages of those who have one, each in the folder by which Moodle finds its student; b"" without any."""
    columns = _columns(sheet)
    pairs = gradebooks.pair(_entries(sheet, columns), rows)
    out, count = io.BytesIO(), 0
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, row in sorted(pairs.rows.items()):
            if row.page is None or not row.page.is_file():
                continue
            line = sheet.rows[number]
            name = _folder_name(line[columns.name] if columns.name is not None else "")
            path = FEEDBACK.format(name=name, number=_participant(line[columns.identifier]))
            # a fixed date: the same pages give the same bytes, whenever they are packed
            member = zipfile.ZipInfo(path)
            member.external_attr = 0o644 << 16
            archive.writestr(member, row.page.read_bytes(), zipfile.ZIP_DEFLATED)
            count += 1
    return out.getvalue() if count else b""


def _columns(sheet: gradebooks.Sheet) -> Columns:
    header = [" ".join(cell.split()).casefold() for cell in sheet.header]
    identifier = _named(header, IDENTIFIER)
    maximum = _named(header, MAXIMUM)
    grade = _named(header, GRADE)
    if identifier is None and all(PARTICIPANT.fullmatch(row[0]) for row in sheet.rows[1:]):
        identifier = 0
    if maximum is None:
        maximum = _same_number(sheet)
    if grade is None and maximum:
        # Moodle puts the grade right before what it is out of
        grade = maximum - 1
    if identifier is None or grade is None or maximum is None:
        shown = ", ".join(visible(cell, 40) for cell in sheet.header[:12])
        raise UsageError(f"this is not the grading worksheet that Moodle exports; its columns are: {shown}")
    graded, name, email = (_named(header, names) for names in (GRADED, NAME, EMAIL))
    return Columns(
        identifier,
        grade,
        maximum,
        name if name is not None or grade < 2 else 1,
        email if email is not None else _with_at_sign(sheet, grade),
        tuple(number for number, cell in enumerate(header) if cell in OTHER_IDS),
        _named(header, CHANGEABLE),
        range(graded + 1, len(header)) if graded is not None else range(0),
    )


def _named(header: Sequence[str], names: Collection[str]) -> int | None:
    return next((number for number, cell in enumerate(header) if cell in names), None)


def _same_number(sheet: gradebooks.Sheet) -> int | None:
    """The first column with one and the same number above zero in every row: what the grade is out of."""
    for number in range(2, len(sheet.header)):
        values = {_number(row[number]) for row in sheet.rows[1:]}
        if len(values) == 1 and None not in values:
            return number
    return None


def _with_at_sign(sheet: gradebooks.Sheet, end: int) -> int | None:
    """The first column before the grade in which every cell could be an e-mail address."""
    rows = sheet.rows[1:]
    return next((number for number in range(2, end) if rows and all("@" in row[number] for row in rows)), None)


def _number(text: str) -> float | None:
    """A positive number with a dot or a comma, as Moodle writes it in the site's language."""
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return value if 0 < value < 1e9 else None


def _entries(sheet: gradebooks.Sheet, columns: Columns) -> dict[int, gradebooks.Entry]:
    return {number: _entry(row, columns) for number, row in enumerate(sheet.rows) if number}


def _entry(row: Sequence[str], columns: Columns) -> gradebooks.Entry:
    known = [columns.email, *columns.other_ids] if columns.email is not None else columns.other_ids
    ids = [_participant(row[columns.identifier]), row[columns.identifier], *_cells(row, known)]
    return gradebooks.Entry(tuple(ids), row[columns.name] if columns.name is not None else "")


def _cells(row: Sequence[str], numbers: Iterable[int | None]) -> list[str]:
    return [row[number] for number in numbers if number is not None and row[number].strip()]


def _participant(identifier: str) -> str:
    match = PARTICIPANT.fullmatch(identifier.strip())
    return match[1] if match else identifier.strip()


def _folder_name(name: str) -> str:
    """A student's name as a folder's: Moodle splits at `_`, and nothing of it may lead out of the zip."""
    words = re.sub(r"[^\w .'-]|_", " ", visible(name, 100)).split()
    return " ".join(words).strip(". ") or "Participant"


@hookimpl
def grader_gradebooks() -> Mapping[str, gradebooks.Gradebook]:
    """The gradebook `moodle`."""
    return {"moodle": MoodleGradebook()}
