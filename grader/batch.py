"""A folder of submissions -> jobs for an engine, and rows that say what became of each."""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from .archives import is_clutter
from .engines import Engine, Finished, Job, finished
from .errors import SubmissionError, UsageError
from .layouts import HANDED_IN
from .model import Resources
from .note import FILE, Note
from .output import write_text
from .result import from_json
from .staging import ENTRIES, Staged
from .submission import read_bytes
from .summary import Row, main_finding
from .words import one_line, visible

#: how deep a student's folder may hide its program for its parent to be a folder of submissions
DEPTH = 3
ONE_PROCESSOR = Resources()
#: exit codes of a grading: those that leave a result, and wrong usage
GRADED, WRONG_USAGE, INTERRUPTED = (0, 1, 3), 2, 130


@dataclass(frozen=True)
class Task:
    """A submission that is to be graded now, and what is known of it."""

    staged: Staged
    note: Note

    @property
    def name(self) -> str:
        return self.staged.entry.name


def is_batch(path: Path) -> bool:
    """Whether a path is a folder of submissions; one with a submission.py is one submission."""
    if not path.is_dir():
        return False
    files = [file for file in path.iterdir() if file.suffix.lower() in HANDED_IN and not is_clutter(file.name)]
    programs = [file for file in files if file.suffix.lower() != ".zip" and file.is_file()]
    below = [folder.name for folder in path.iterdir() if folder.is_dir() and _holds_programs(folder)]
    if len(programs) == 1 and any(_imports(programs[0], name) for name in below):
        return False
    # one program and one zip may be a student's loop and its data
    several = len(programs) > 1 or len(files) > 2 or (bool(files) and not programs)
    return not any(file.stem in ENTRIES for file in programs) and (several or bool(below))


def _imports(program: Path, name: str) -> bool:
    """Whether a folder beside a program is a package of its own, by what the text imports."""
    try:
        text = read_bytes(program).decode("utf-8", "replace")
    except (SubmissionError, UsageError):
        return False
    return re.search(rf"^\s*(?:from|import)\s+{re.escape(name)}\b", text, re.MULTILINE) is not None


def _holds_programs(folder: Path, depth: int = DEPTH) -> bool:
    if is_clutter(folder.name) or folder.is_symlink():
        return False
    try:
        inside = list(folder.iterdir())
    except OSError:  # a folder that nobody may read holds nothing for us
        return False
    here = any(path.suffix.lower() in HANDED_IN for path in inside)
    return here or (depth > 1 and any(_holds_programs(path, depth - 1) for path in inside if path.is_dir()))


def jobs_for(
    tasks: Sequence[Task], folder: Path, options: Sequence[str], work: Path, resources: Resources = ONE_PROCESSOR
) -> list[Job]:
    """A job for each. `options`: what `grade run` gets beside the rest; `work`: where their notes lie meanwhile."""
    jobs = [_job(task, folder / task.name, options, work / f"{number}.json") for number, task in enumerate(tasks)]
    return [replace(job, cpus=resources.cpus, gpus=resources.gpus) for job in jobs]


def _job(task: Task, folder: Path, options: Sequence[str], note: Path) -> Job:
    write_text(note, task.note.to_json())
    own = ("--quiet", "--metadata", str(note), "--out", str(folder), str(task.staged.path))
    return Job(task.name, (*options, *own), folder)


def grade_all(engine: Engine, jobs: Sequence[Job], tasks: Sequence[Task], at_once: int) -> Generator[Row]:
    """Each submission as it is done. A hang, a crash or a kill costs one row and no more."""
    # an old result must not pass for the one of a run that broke
    before = {job.name: _stamp(job) for job in jobs}
    known = {task.name: task for task in tasks}
    with closing(finished(engine, jobs, at_once)) as running:
        for done in running:
            yield _row(done, known[done.job.name], before[done.job.name])


def _stamp(job: Job) -> tuple[int, int] | None:
    """Changes when a result is written: each is a file of its own that is renamed."""
    try:
        found = (job.folder / "result.json").stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def _row(finished: Finished, task: Task, before: tuple[int, int] | None) -> Row:
    job, entry = finished.job, task.staged.entry
    scores = [attempt["score"] for attempt in task.note.earlier]
    previous = scores[-1] if scores else None
    row = Row(job.name, student=entry.student, student_id=entry.student_id, previous_score=previous)
    if finished.code in GRADED and _stamp(job) not in (None, before):
        path = job.folder / "result.json"
        try:
            return replace(row, result=from_json(path.read_text(encoding="utf-8"), str(path)))
        except (OSError, UsageError) as error:
            return replace(row, reason=visible(str(error), 300), our_fault=True)
    _forget(job)
    ours = finished.code not in (WRONG_USAGE, INTERRUPTED)
    return replace(row, reason=_why(finished, task.staged.path), our_fault=ours)


def _forget(job: Job) -> None:
    for name in ("result.json", FILE):
        (job.folder / name).unlink(missing_ok=True)


def _why(finished: Finished, path: Path) -> str:
    """The last line of what a grading said, without the place where the submission lay meanwhile."""
    how = f"exit {finished.code}" if finished.code >= 0 else f"signal {-finished.code}"
    last = finished.complaint.splitlines()[-1] if finished.complaint else f"the grader stopped ({how})"
    return visible(last.removeprefix("grade: ").replace(f"{path}: ", "").replace(str(path), path.name), 300)


def failed(row: Row) -> bool:
    """Whether a submission did not pass, or was not graded at all."""
    return row.result is None or not row.result.passed


def table(rows: Sequence[Row]) -> str:
    """The same for people: name, score, and the first thing to fix; then what was not graded, and why."""
    graded = sorted((row for row in rows if row.result is not None), key=lambda row: row.name)
    left_out = sorted((row for row in rows if row.result is None), key=lambda row: row.name)
    width = max((len(_name(row)) for row in rows), default=0)
    lines = [line_for(row, width) for row in graded]
    if left_out:
        lines += ["not graded:", *(f"  {_name(row):{width}}  {row.reason}" for row in left_out)]
    return "\n".join(lines)


def line_for(row: Row, width: int = 0) -> str:
    """One submission in a line."""
    if row.result is None:
        return f"{_name(row):{width}}  not graded: {one_line(row.reason, 300)}"
    score = "–" if row.result.score is None else f"{row.result.score:g}"
    points = f"{score} / {row.result.max_score:g}"
    return f"{_name(row):{width}}  {points:>9}  {main_finding(row.result) or ''}".rstrip()


def _name(row: Row) -> str:
    shown = one_line(row.name, 40)
    return f"{shown} ({one_line(row.student, 40)})" if row.student and row.student != row.name else shown
