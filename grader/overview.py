"""What a batch leaves beside its results: gradebook.csv, summary.json and pages about the class."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import pluggy

from .model import Check, Exercise
from .output import write_text
from .plugin_manager import all_overviews
from .rendering import make_context
from .result import page_name
from .summary import Row, main_finding, summarise, to_json
from .words import cell, visible

COLUMNS = (
    "submission",
    "student",
    "student_id",
    "score",
    "max_score",
    "passed",
    "status",
    "main_finding",
    "reason",
)


def write_overview(
    folder: Path,
    rows: Sequence[Row],
    plugins: pluggy.PluginManager,
    checks: Mapping[str, Check],
    exercises: Mapping[str, Exercise],
    *,
    language: str | None,
    anonymous: bool = False,
) -> None:
    """Write all of it. Raises UsageError when the place cannot be written."""
    write_gradebook(folder, rows)
    summary = summarise(rows, exercises, anonymous=anonymous)
    write_text(folder / "summary.json", to_json(summary))
    context = make_context(plugins, checks, None, language=language, folder=folder)
    for overview in all_overviews(plugins).values():
        for spoken in (context, *context.others):
            page = page_name(overview.suffix, spoken.language, spoken.languages)
            write_text(folder / page, overview(summary, spoken))


def write_gradebook(folder: Path, rows: Sequence[Row]) -> None:
    """gradebook.csv: a row for each submission, graded or not, by name."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in sorted(rows, key=lambda row: row.name):
        writer.writerow([_cell(value) for value in _values(row)])
    write_text(folder / "gradebook.csv", text.getvalue())


def _values(row: Row) -> tuple[object, ...]:
    result = row.result
    whose = (row.name, row.student or "", row.student_id or "")
    if result is None:
        return *whose, "", "", "", "not-graded", "", row.reason
    score = "" if result.score is None else f"{result.score:g}"
    reason = result.run.reason or ""
    judged = (result.passed, result.run.status.value, main_finding(result) or "", reason)
    return *whose, score, f"{result.max_score:g}", *judged


def _cell(value: object) -> str:
    # a line of its own could be a command to a CI server that prints the file
    return cell(visible(str(value), 300).replace("\n", "\u2424"))
