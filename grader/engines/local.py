"""Runs a batch on this machine: a process for each submission, so that none can harm the next."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from . import Finished, Job

COMPLAINT = 2000


class LocalEngine:
    """Threads wait for processes; the processes do the work."""

    def run(self, jobs: Sequence[Job], at_once: int) -> Iterator[Finished]:
        """Yield each job as it finishes; closing the iterator ends what still runs."""
        running: dict[str, subprocess.Popen[bytes]] = {}
        pool = ThreadPoolExecutor(at_once)
        try:
            waiting: set[Future[Finished]] = {pool.submit(_grade, job, running) for job in jobs}
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from sorted((future.result() for future in done), key=lambda item: item.job.name)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(running.values()):
                with contextlib.suppress(ProcessLookupError):
                    process.terminate()
            pool.shutdown(wait=True)


def _grade(job: Job, running: dict[str, subprocess.Popen[bytes]]) -> Finished:
    process = subprocess.Popen(
        job.command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=dict(job.environment) or None,
    )
    running[job.name] = process
    try:
        _, complaint = process.communicate()
    finally:
        running.pop(job.name, None)
    return Finished(job, process.returncode, complaint[-COMPLAINT:].decode("utf-8", "replace").strip())
