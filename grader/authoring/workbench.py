"""From a command's arguments to an exercise, its reference, and the bench that programs are graded on."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from ..device import resolve
from ..engines import number_at_once
from ..intake import load_named
from ..model import Exercise
from ..plugin_manager import all_checks, choose_engine, create_manager
from .editing import Program
from .references import load_reference
from .trials import Bench, cores


@dataclass(frozen=True)
class Workbench:
    """An exercise with its solution, ready to be graded in many ways."""

    exercise: Exercise
    program: Program
    bench: Bench


def set_up(
    exercise: str,
    *,
    dataset: str | None,
    data_root: Path | None,
    sandbox: str,
    device: str,
    jobs: str,
    engine: str,
) -> Workbench:
    """Raises UsageError and ExerciseError for what is not there."""
    plugins = create_manager()
    found = load_named(exercise, plugins, all_checks(plugins))
    # every core: each run trains with one thread
    at_once = number_at_once(jobs, cores())
    bench = Bench(found, choose_engine(plugins, engine), at_once, dataset, data_root, sandbox, resolve(device))
    return Workbench(found, load_reference(found), bench)


@dataclass
class Counter:
    """How many runs are done, on stderr: one line that changes on a terminal, one in ten elsewhere."""

    what: str
    quiet: bool = False
    stream: TextIO = field(default_factory=lambda: sys.stderr)

    def __call__(self, done: int, of: int) -> None:
        if self.quiet:
            return
        if self.stream.isatty():
            end = "\n" if done == of else ""
            self.stream.write(f"\r\x1b[2K{self.what}: {done} of {of}{end}")
        elif done == of or done % max(1, of // 10) == 0:
            self.stream.write(f"{self.what}: {done} of {of}\n")
        self.stream.flush()
