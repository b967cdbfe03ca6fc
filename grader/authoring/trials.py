"""Programs of an exercise's author, each graded by a command of its own, as a class's submissions are."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from ..engines import Engine, Job, finished
from ..errors import GraderError
from ..model import Exercise
from ..result import Result, from_json
from ..scratch import scratch

#: told how many of how many are done
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Trial:
    """One program to be graded with one seed. Its name is that of its file."""

    name: str
    source: str
    seed: int = 0
    #: modules beside it: name and text
    helpers: tuple[tuple[str, str], ...] = ()

    @property
    def file(self) -> str:
        return f"{self.name}.seed{self.seed}.py"


@dataclass(frozen=True)
class Bench:
    """Where and how programs are graded."""

    exercise: Exercise
    engine: Engine
    at_once: int
    dataset: str | None = None
    data_root: Path | None = None
    sandbox: str = "auto"
    device: str = "cpu"

    def grade(self, trials: Sequence[Trial], progress: Progress) -> dict[Trial, Result]:
        """The result of each trial, in their order. Raises GraderError when one of them has none."""
        found: dict[Trial, Result] = {}
        with (
            scratch() as folder,
            closing(self._run(trials, folder)) as finished,
        ):
            for trial, result in finished:
                found[trial] = result
                progress(len(found), len(trials))
        return {trial: found[trial] for trial in trials}

    def _run(self, trials: Sequence[Trial], folder: Path) -> Generator[tuple[Trial, Result]]:
        by_file = {trial.file: trial for trial in trials}
        jobs = [self._job(trial, folder) for trial in trials]
        with closing(finished(self.engine, jobs, self.at_once)) as running:
            for done in running:
                path = done.job.folder / "result.json"
                if not path.is_file():
                    raise GraderError(f"{done.job.name}: {done.complaint or f'exit {done.code}'}")
                yield by_file[done.job.name], from_json(path.read_text(encoding="utf-8"), str(path))

    def _job(self, trial: Trial, folder: Path) -> Job:
        # a folder each: modules beside a submission are taken for its helpers
        path = folder / f"{trial.name}.{trial.seed}" / trial.file
        path.parent.mkdir()
        for name, text in ((trial.file, trial.source), *trial.helpers):
            (path.parent / name).write_text(text, encoding="utf-8")
        out = folder / "results" / trial.file
        return Job(trial.file, (*self._options(trial.seed), "--quiet", "--out", str(out), str(path)), out)

    def _options(self, seed: int) -> list[str]:
        named = {
            "--exercise": str(self.exercise.directory),
            "--seed": str(seed),
            "--dataset": self.dataset,
            "--data-root": str(self.data_root.resolve()) if self.data_root else None,
            "--sandbox": self.sandbox,
            "--device": self.device,
            "--format": "json",
        }
        return [word for key, value in named.items() if value is not None for word in (key, value)]


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
