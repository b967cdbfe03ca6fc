"""Where a batch runs: each submission is graded by a command of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Job:
    """One submission to grade: a command that leaves `folder`/result.json behind."""

    name: str
    command: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Finished:
    """A job that is over: its exit code, negative for a signal, and what it said on stderr (the end of it)."""

    job: Job
    code: int
    complaint: str = ""


class Engine(Protocol):
    """Runs jobs somewhere, `at_once` of them at a time."""

    def run(self, jobs: Sequence[Job], at_once: int) -> Iterator[Finished]:
        """Yield each job as it finishes. When the iterator is closed nothing of it goes on running."""
        ...
