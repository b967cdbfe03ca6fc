"""`grade submissions/`: a folder of submissions, each graded by itself."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pluggy

from .anonymity import read_key, write_names
from .batch import Task, failed, grade_all, jobs_for, table
from .batch_plan import Plan, Planner, Work, handed_in, row_for
from .batch_progress import BatchProgress
from .device import resolve
from .engines import Engine, Remote, number_at_once
from .errors import UsageError
from .fence import fenced
from .intake import load_all, load_named
from .model import Blame, Check, Exercise, Resources
from .output import check_place
from .overview import write_overview
from .pages import Pages
from .plugin_manager import all_checks, choose_engine, create_manager
from .resume import Circumstances, Earlier, plugins_in_use
from .run_command import Request, read_secret
from .scratch import scratch
from .summary import Row

NOT_PASSED, WRONG_USAGE, OUR_FAULT = 1, 2, 3


def grade_folder(request: Request, plan: Plan) -> int:
    """Grade everything in the folder, write a gradebook, print a table. Returns the exit code."""
    batch = prepare(request, plan)
    layout, entries, left_out = handed_in(request.submission, plan)
    if not entries and not left_out:
        raise UsageError(f"{request.submission}: a folder without Python; name a script, or a folder of them")
    if plan.names is not None and batch.planner.key is not None:
        write_names(plan.names, request.folder, batch.planner.key, entries)
    with scratch() as place, _interruptible():
        work = batch.planner.work(entries, left_out, place / "submissions")
        batch.announce(layout, work)
        rows = list(work.rows)
        try:
            for row in batch.grade(work.tasks, place):
                rows.append(row)
        except KeyboardInterrupt:
            # what is finished is kept, and the rest is told
            batch.write([*rows, *_not_reached(work.tasks, rows, "interrupted")])
            raise
    rows += _not_reached(work.tasks, rows, "--fail-fast stopped the batch before it")
    sys.stdout.write(fenced(table(rows) + "\n"))
    batch.write(rows)
    sys.stdout.write(f"{request.folder / 'gradebook.csv'}\n")
    return exit_code(rows)


@dataclass(frozen=True)
class Batch:
    """A folder that is being graded: what was asked for, and all that is needed for it."""

    request: Request
    plan: Plan
    plugins: pluggy.PluginManager
    checks: Mapping[str, Check]
    exercises: Mapping[str, Exercise]
    engine: Engine
    at_once: int
    pages: Pages
    planner: Planner

    @property
    def resources(self) -> Resources:
        """What each grading takes: known where one exercise is named, else the most that any of them asks for."""
        asked = [exercise.resources for exercise in self.exercises.values()] or [Resources()]
        return Resources(max(item.cpus for item in asked), max(item.gpus for item in asked))

    def announce(self, layout: str, work: Work) -> None:
        """What was found, and how much of it is there already."""
        if self.request.quiet:
            return
        if layout != "plain":
            sys.stderr.write(f"layout: {layout} (--layout plain takes names as they are)\n")
        if work.kept:
            sys.stderr.write(f"{work.kept} graded before and unchanged (--fresh grades them again)\n")

    def grade(self, tasks: Sequence[Task], place: Path) -> Generator[Row]:
        """Each task's row as it is done."""
        (place / "notes").mkdir()
        jobs = jobs_for(tasks, self.request.folder, self.request.options(), place / "notes", self.resources)
        progress = BatchProgress(len(tasks), self.at_once, self.request.quiet)
        progress.begin()
        running = grade_all(self.engine, jobs, tasks, self.at_once)
        # closed whatever happens, so that nothing of it goes on running
        with contextlib.closing(running):
            try:
                for row in running:
                    progress.add(row)
                    yield row
                    if self.plan.fail_fast and failed(row):
                        break
            finally:
                progress.end()

    def write(self, rows: Sequence[Row]) -> None:
        """The gradebook, the summary and the page of the class; pages that an earlier batch had not written."""
        write_overview(
            self.request.folder,
            [self.pages.linked(row) for row in rows],
            self.plugins,
            self.checks,
            self.exercises,
            language=self.request.lang,
            anonymous=self.plan.anonymous,
        )


def prepare(request: Request, plan: Plan) -> Batch:
    """All that can be wrong before anything runs. Raises UsageError or ExerciseError."""
    plugins = create_manager()
    checks = all_checks(plugins)
    exercises = _exercises(request, plugins, checks)
    if plan.regrade is not None and plan.regrade not in checks:
        raise UsageError(f"--regrade: no check {plan.regrade!r}; `grade explain` lists them")
    pages = Pages.of(request, plugins, checks, exercises)
    if plan.names is not None and not plan.anonymous:
        raise UsageError("--names: there are pseudonyms to explain only with --anonymous")
    check_place(request.folder)
    secret = read_secret(request.secret_file)
    earlier = Earlier(request.folder, plugins, exercises, request.dataset, request.data_root)
    circumstances = Circumstances(
        exercises={name: exercise.digest for name, exercise in exercises.items()},
        seed=request.seed,
        device=resolve(request.device),
        dataset=request.dataset,
        plugins=plugins_in_use(plugins),
        secret=secret,
        quick=request.quick,
    )
    key = read_key(secret) if plan.anonymous else None
    planner = Planner(request.submission, plan, earlier, circumstances, key)
    engine, at_once = _engine(plan, plugins), number_at_once(plan.jobs, most_but_one())
    return Batch(request, plan, plugins, checks, exercises, engine, at_once, pages, planner)


def _exercises(request: Request, plugins: pluggy.PluginManager, checks: Mapping[str, Check]) -> Mapping[str, Exercise]:
    """The exercise that is named, else all that may fit a text."""
    if request.exercise is None:
        return load_all(plugins, checks)
    exercise = load_named(request.exercise, plugins, checks)
    return {exercise.id: exercise}


def _engine(plan: Plan, plugins: pluggy.PluginManager) -> Engine:
    engine = choose_engine(plugins, plan.engine)
    if plan.address is None:
        return engine
    if not isinstance(engine, Remote):
        raise UsageError(f"--address: the engine {plan.engine!r} runs here and has no address")
    return engine.at(plan.address)


def most_but_one() -> int:
    """What `--jobs auto` is: a core stays with whoever uses the machine."""
    return max(1, (os.cpu_count() or 2) - 1)


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """A job that CI cancels ends as at Ctrl-C: what is finished is kept."""
    try:
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    except ValueError:  # not the main thread, which alone may say so
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _not_reached(tasks: Sequence[Task], rows: Sequence[Row], reason: str) -> list[Row]:
    done = {row.name for row in rows}
    return [row_for(task.staged.entry, reason=reason) for task in tasks if task.name not in done]


def exit_code(rows: Sequence[Row]) -> int:
    """0 when all passed, 1 when not, 2 when results could not be written, 3 when the grader failed somewhere."""
    if any(row.our_fault or (row.result is not None and row.result.run.blame is Blame.GRADER) for row in rows):
        return OUR_FAULT
    if any(row.result is None and row.reason.startswith("--out:") for row in rows):
        return WRONG_USAGE
    return NOT_PASSED if any(failed(row) for row in rows) else 0
