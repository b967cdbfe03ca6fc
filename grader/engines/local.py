"""Runs a batch on this machine: a few grading processes that stay, each with a warm server of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from queue import SimpleQueue

from . import Finished, Job
from .grader import Grader

GRADING_PROCESS = (sys.executable, "-P", "-m", "grader.grading_process")


class LocalEngine:
    """Threads wait for grading processes; the processes do the work."""

    def __init__(self, command: Sequence[str] = GRADING_PROCESS) -> None:
        self._command = command

    def run(self, jobs: Sequence[Job], at_once: int) -> Iterator[Finished]:
        """Yield each job as it finishes; closing the iterator ends what still runs."""
        graders = [Grader(self._command) for _ in range(min(at_once, len(jobs)))]
        free: SimpleQueue[Grader] = SimpleQueue()
        for grader in graders:
            free.put(grader)
        pool = ThreadPoolExecutor(max(1, len(graders)))
        try:
            waiting: set[Future[Finished]] = {pool.submit(_grade, job, free) for job in jobs}
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from sorted((future.result() for future in done), key=lambda item: item.job.name)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            for grader in graders:
                grader.interrupt()
            for grader in graders:
                grader.close()
            pool.shutdown(wait=True)
            for grader in graders:
                grader.release()


def _grade(job: Job, free: SimpleQueue[Grader]) -> Finished:
    grader = free.get()
    try:
        return grader.grade(job)
    finally:
        free.put(grader)
