"""canvas.csv: the scores of a class as Canvas imports them, one column beside the students of its own export."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grader import UsageError, gradebooks, hookimpl, visible

STUDENT_COLUMNS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Integration ID", "Root Account", "Section")
POSSIBLE = "Points Possible"
#: nothing is entered for somebody who is excused
EXCUSED = "EX"
#: a comma that Canvas reads as a decimal point
AMBIGUOUS = re.compile(r"\d+,\d+")


class CanvasGradebook:
    """Canvas matches by ID, so a row holds what Canvas itself wrote about the student."""

    sheet = "Canvas's exported gradebook"

    def __call__(
        self, sheet: gradebooks.Sheet, rows: Sequence[gradebooks.GradebookRow], title: str
    ) -> gradebooks.Filled:
        text, problems = canvas_csv(sheet, rows, title)
        return gradebooks.Filled({"canvas.csv": text.encode("utf-8")}, problems)


@dataclass(frozen=True)
class Layout:
    """Where things are in an export. `column` is None when the assignment is not there yet."""

    students: int
    header: str
    column: int | None
    possible: float | None


def canvas_csv(
    sheet: gradebooks.Sheet, rows: Sequence[gradebooks.GradebookRow], title: str
) -> tuple[str, tuple[str, ...]]:
    """The CSV to import, and a line for each score that is not in it. Raises UsageError for another sheet.

    Only students with a score are in it: an empty cell could be read as a grade to be taken away.
    """
    layout = _layout(sheet, title)
    most = layout.possible or gradebooks.maximum(rows)
    entries = {
        number: _entry(sheet, row) for number, row in enumerate(sheet.rows) if number and _is_student(sheet, row)
    }
    pairs = gradebooks.pair(entries, rows)
    blank = [""] * (layout.students - 1)
    lines = [
        [*sheet.header[: layout.students], layout.header],
        [f"    {POSSIBLE}", *blank, gradebooks.points(most)],
    ]
    for number, row in sorted(pairs.rows.items()):
        score = gradebooks.scaled(row, layout.possible)
        if layout.column is not None and sheet.rows[number][layout.column].strip().upper() == EXCUSED:
            pairs.problems.append(f"{row.called}: excused in Canvas, so nothing is entered")
        elif not score:
            pairs.problems.append(f"{row.called}: no score yet")
        else:
            name, *others = sheet.rows[number][: layout.students]
            lines.append([_name(name), *others, score])
    return sheet.text(lines), tuple(sorted(pairs.problems))


def _layout(sheet: gradebooks.Sheet, title: str) -> Layout:
    header = [cell.strip() for cell in sheet.header]
    if len(header) < 2 or "Student" not in header[0] or header[1] != "ID":
        raise UsageError("this is not Canvas's exported gradebook: its header begins with Student and ID")
    students = next(
        (number for number, cell in enumerate(header) if number and cell not in STUDENT_COLUMNS), len(header)
    )
    wanted = re.compile(rf"{re.escape(title)}( \(\d+\))?")
    column = next((number for number in range(students, len(header)) if wanted.fullmatch(header[number])), None)
    if column is None:
        return Layout(students, title, None, None)
    return Layout(students, header[column], column, _possible(sheet, column))


def _possible(sheet: gradebooks.Sheet, column: int) -> float | None:
    """What the assignment is out of in Canvas, whose import does not change it. Raises UsageError for "1,234"."""
    text = next((row[column].strip() for row in sheet.rows if row[0].strip() == POSSIBLE and not row[1].strip()), "")
    if AMBIGUOUS.fullmatch(text):
        raise UsageError(f"Points Possible is {text!r}, which Canvas reads with a decimal point; export it in English")
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 < value < 1e9 else None


def _id_columns(sheet: gradebooks.Sheet) -> list[int]:
    return [number for number, name in enumerate(sheet.header) if name.strip() in STUDENT_COLUMNS[1:5]]


def _is_student(sheet: gradebooks.Sheet, row: Sequence[str]) -> bool:
    """Every student has an id of some kind; the rows above them have none."""
    return any(row[number].strip() for number in _id_columns(sheet))


def _entry(sheet: gradebooks.Sheet, row: Sequence[str]) -> gradebooks.Entry:
    ids = tuple(row[number] for number in _id_columns(sheet) if row[number].strip())
    return gradebooks.Entry(ids, visible(row[0], 300))


def _name(text: str) -> str:
    """A student may be called like the row of maxima, and is none."""
    return f"'{text.strip()}" if text.strip() == POSSIBLE else text


@hookimpl
def grader_gradebooks() -> Mapping[str, gradebooks.Gradebook]:
    """The gradebook `canvas`."""
    return {"canvas": CanvasGradebook()}
