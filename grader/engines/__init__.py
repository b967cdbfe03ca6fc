"""Where a batch runs: each submission is a job, and what becomes of one is no other's affair."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self, runtime_checkable

from ..errors import UsageError

MOST_AT_ONCE = 256


@dataclass(frozen=True)
class Job:
    """One submission to grade: what follows `grade run`; it leaves `folder`/result.json behind."""

    name: str
    arguments: tuple[str, ...]
    folder: Path
    #: processors and (parts of) GPUs that it takes, for engines that share out machines
    cpus: float = 1.0
    gpus: float = 0.0


@dataclass(frozen=True)
class Finished:
    """A job that is over: its exit code, negative for a signal, and what was said on stderr (the end of it)."""

    job: Job
    code: int
    complaint: str = ""


class Engine(Protocol):
    """Runs jobs somewhere, `at_once` of them at a time."""

    def run(self, jobs: Sequence[Job], at_once: int) -> Iterator[Finished]:
        """Yield each job as it finishes. When the iterator is closed nothing of it goes on running."""
        ...


@runtime_checkable
class Remote(Engine, Protocol):
    """An engine whose machines are elsewhere."""

    def at(self, address: str) -> Self:
        """The same engine at another address."""
        ...


def finished(engine: Engine, jobs: Sequence[Job], at_once: int) -> Generator[Finished]:
    """Each job as it finishes, whatever kind of iterator the engine gives: to be closed by whoever leaves early."""
    yield from engine.run(jobs, at_once)


def number_at_once(asked: str, auto: int) -> int:
    """What `--jobs` asks for; `auto` is the command's own choice. Raises UsageError."""
    if asked == "auto":
        return auto
    if not asked.isdigit() or not 1 <= int(asked) <= MOST_AT_ONCE:
        raise UsageError(f"--jobs: {asked!r} is neither `auto` nor a number from 1 to {MOST_AT_ONCE}")
    return int(asked)
