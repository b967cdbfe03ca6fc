"""`grade submissions/`: a folder of submissions, each graded by itself."""

from __future__ import annotations

import os
import sys

from .batch import Row, grade_all, jobs_for, submissions_in, table, write_gradebook
from .engines import Engine
from .errors import UsageError
from .plugin_manager import all_engines, create_manager
from .run_command import Request

NOT_PASSED, OUR_FAULT = 1, 3


def grade_folder(request: Request, jobs: str, engine: str) -> int:
    """Grade everything in the folder, write a gradebook, print a table. Returns the exit code."""
    runner = _engine(engine)
    paths, rows = submissions_in(request.submission)
    if not paths:
        raise UsageError(f"{request.submission}: a folder without Python; name a script, or a folder of them")
    at_once = _at_once(jobs)
    todo = jobs_for(paths, request.folder, request.options())
    try:
        for row in grade_all(runner, todo, at_once):
            rows.append(row)
            if not request.quiet:
                sys.stderr.write(f"[{len(rows)}/{len(paths)}] {table([row])}\n")
    finally:
        # what is finished is kept, also when the rest is interrupted
        write_gradebook(request.folder, rows)
    sys.stdout.write(table(rows) + f"\n{request.folder / 'gradebook.csv'}\n")
    return _exit_code(rows)


def _exit_code(rows: list[Row]) -> int:
    blamed = any(row.result is not None and row.result.run.blame == "grader" for row in rows)
    if blamed:
        return OUR_FAULT
    return 0 if all(row.result is not None and row.result.passed for row in rows) else NOT_PASSED


def _engine(name: str) -> Engine:
    offered = all_engines(create_manager())
    if name not in offered:
        raise UsageError(f"--engine: no engine {name!r}; choose from {', '.join(offered)}")
    return offered[name]


def _at_once(jobs: str) -> int:
    """`auto` leaves a core to whoever uses the machine."""
    if jobs == "auto":
        return max(1, (os.cpu_count() or 2) - 1)
    if not jobs.isdigit() or not 1 <= int(jobs) <= 256:
        raise UsageError(f"--jobs: {jobs!r} is neither `auto` nor a number from 1 to 256")
    return int(jobs)
