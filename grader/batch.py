"""A folder of submissions -> a folder of results, a gradebook and a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .engines import Engine, Finished, Job
from .errors import UsageError
from .output import write_text
from .result import Result, from_json
from .submission import SUFFIXES, entry_of
from .words import visible

#: names that make a folder one student's submission and not a folder of submissions
ENTRIES = ("submission", "main")
COLUMNS = ("submission", "score", "max_score", "passed", "status", "main_finding", "reason")
#: a cell that begins like this would be a formula in a spreadsheet
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Row:
    """What became of one submission: a result, or why there is none."""

    name: str
    result: Result | None = None
    reason: str = ""


def is_batch(path: Path) -> bool:
    """Whether a path is a folder of submissions; one with a submission.py is one submission."""
    if not path.is_dir():
        return False
    files = [file for file in path.iterdir() if file.suffix.lower() in SUFFIXES]
    below = any(_holds_python(folder) for folder in path.iterdir() if folder.is_dir())
    return not any(file.stem in ENTRIES for file in files) and (len(files) > 1 or below)


def submissions_in(folder: Path) -> tuple[list[Path], list[Row]]:
    """Files, notebooks and sub-folders to grade, by name; and those that cannot be, with the reason."""
    found: list[Path] = []
    left_out: list[Row] = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "_")) or path.name == "gradeloop-out":
            continue
        if path.is_dir() and not path.is_symlink():
            try:
                entry_of(path)
                found.append(path)
            except UsageError as error:
                left_out.append(Row(path.name, reason=str(error).removeprefix(f"{path}: ")))
        elif path.suffix.lower() in SUFFIXES:
            found.append(path)
    return found, left_out


def jobs_for(paths: Sequence[Path], folder: Path, options: Sequence[str]) -> list[Job]:
    """A job for each submission. `options`: what `grade run` gets beside the path and `--out`."""
    return [
        Job(path.name, (*options, "--quiet", "--out", str(folder / path.name), str(path)), folder / path.name)
        for path in paths
    ]


def grade_all(engine: Engine, jobs: Sequence[Job], at_once: int) -> Iterator[Row]:
    """Each submission as it is done. A hang, a crash or a kill costs one row and no more."""
    for job in jobs:
        # an old result must not pass for the one of a run that broke
        (job.folder / "result.json").unlink(missing_ok=True)
    for finished in engine.run(jobs, at_once):
        yield _row(finished)


def _row(finished: Finished) -> Row:
    job = finished.job
    if finished.code not in (0, 1, 3):
        how = f"exit {finished.code}" if finished.code >= 0 else f"signal {-finished.code}"
        last = finished.complaint.splitlines()[-1] if finished.complaint else how
        return Row(job.name, reason=visible(last.removeprefix("grade: "), 300))
    try:
        path = job.folder / "result.json"
        return Row(job.name, from_json(path.read_text(encoding="utf-8"), str(path)))
    except (OSError, UsageError) as error:
        return Row(job.name, reason=visible(finished.complaint or str(error), 300))


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
    if result is None:
        return row.name, "", "", "", "not-graded", "", row.reason
    main = result.findings[0].check if result.findings else ""
    score = "" if result.score is None else f"{result.score:g}"
    reason = result.run.reason or ""
    return row.name, score, f"{result.max_score:g}", result.passed, result.run.status.value, main, reason


def _cell(value: object) -> str:
    text = visible(str(value), 300)
    return f"'{text}" if text.startswith(FORMULA) else text


def table(rows: Sequence[Row]) -> str:
    """The same for people: name, score, and the first thing to fix or why it was not graded."""
    width = max((len(visible(row.name, 40)) for row in rows), default=0)
    lines = [f"{visible(row.name, 40):{width}}  {_score(row):>9}  {_remark(row)}".rstrip() for row in rows]
    return "\n".join(sorted(lines))


def _score(row: Row) -> str:
    if row.result is None:
        return "–"
    score = "–" if row.result.score is None else f"{row.result.score:g}"
    return f"{score} / {row.result.max_score:g}"


def _remark(row: Row) -> str:
    if row.result is None:
        return f"not graded: {row.reason}"
    return row.result.findings[0].check if row.result.findings else ""


def _holds_python(folder: Path) -> bool:
    return any(file.suffix.lower() in SUFFIXES for file in folder.iterdir())
