"""`grade merge OUT...`: shards of one class -> one folder with all results, one gradebook and one overview."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from .batch import table
from .errors import ExerciseError, UsageError
from .fence import fenced
from .intake import load_all
from .overview import write_overview
from .plugin_manager import all_checks, create_manager
from .result import from_json
from .scratch import scratch
from .summary import Row, Summary
from .summary import from_json as summary_from_json

MAX_SUMMARY = 200_000_000
MAX_RESULT = 5_000_000


def merge(folders: Sequence[Path], out: Path, language: str | None) -> list[Row]:
    """Join what several batches left. Raises UsageError when a folder holds none, or two disagree."""
    found = [(folder, read_summary(folder)) for folder in folders]
    anonymous = {summary.anonymous for _, summary in found}
    if len(anonymous) > 1:
        raise UsageError("grade merge: some of these were graded with --anonymous and some were not")
    rows: dict[str, Row] = {}
    owners: dict[str, Path] = {}
    for folder, summary in found:
        for row in rows_of(folder, summary):
            _add(row, folder, rows, owners)
    for name, row in rows.items():
        if row.result is not None and owners[name].resolve() != out.resolve():
            copy_folder(owners[name] / name, out / name)
    plugins = create_manager()
    checks = all_checks(plugins)
    try:
        exercises = load_all(plugins, checks)
    except ExerciseError:  # titles are nice to have
        exercises = {}
    ordered = [rows[name] for name in sorted(rows)]
    write_overview(out, ordered, plugins, checks, exercises, language=language, anonymous=True in anonymous)
    sys.stdout.write(fenced(f"{table(ordered)}\n") + f"{out / 'gradebook.csv'}\n")
    return ordered


def _add(row: Row, folder: Path, rows: dict[str, Row], owners: dict[str, Path]) -> None:
    """A result stands over a reason why there was none; two results must be the same."""
    before = rows.get(row.name)
    if before is not None and before.result is not None:
        if row.result is not None and row.result.id != before.result.id:
            raise UsageError(
                f"grade merge: {owners[row.name] / row.name} and {folder / row.name} are results of one submission"
                " and not the same; leave one of them"
            )
        return
    if before is None or row.result is not None:
        rows[row.name], owners[row.name] = row, folder


def read_summary(folder: Path) -> Summary:
    """Raises UsageError when a folder holds no batch's results."""
    path = folder / "summary.json"
    try:
        with path.open("rb") as file:
            return summary_from_json(file.read(MAX_SUMMARY).decode("utf-8", "replace"), str(path))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; `grade FOLDER` leaves one in its --out") from None


def rows_of(folder: Path, summary: Summary) -> list[Row]:
    """A batch's rows again, from its summary and its results."""
    rows = [
        Row(item.name, None, item.reason, item.student, item.student_id, item.our_fault) for item in summary.not_graded
    ]
    for item in summary.submissions:
        path = folder / _inside(item.name) / "result.json"
        try:
            with path.open("rb") as file:
                result = from_json(file.read(MAX_RESULT).decode("utf-8", "replace"), str(path))
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}") from None
        page = str(_inside(item.page)) if item.page else None
        rows.append(
            Row(item.name, result, "", item.student, item.student_id, page=page, previous_score=item.previous_score)
        )
    return rows


def _inside(name: str) -> PurePosixPath:
    """A name of a summary as a path below its folder. Raises UsageError when it leads out of it."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise UsageError(f"grade merge: {name!r} is no name of a submission's folder")
    return path


def copy_folder(source: Path, target: Path) -> None:
    """A submission's folder, whole or not at all; what was there under its name is replaced."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with scratch(target.parent, ".merge-") as work:
            shutil.copytree(source, work / "new", symlinks=True)
            if target.exists():
                target.rename(work / "old")
            (work / "new").rename(target)
    except (OSError, shutil.Error) as error:
        raise UsageError(f"--out: {target}: {getattr(error, 'strerror', None) or error}") from None
