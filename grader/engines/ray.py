"""Runs a batch on many machines with Ray: each submission is a task, and its results come back as bytes.

A task whose machine is lost is tried again elsewhere. What a student's program does to its grading process is not:
that process lives below the task, and however it ends is an exit code.
"""

from __future__ import annotations

import contextlib
import functools
import signal
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from ..errors import UsageError
from ..scratch import scratch
from . import Finished, Job
from .bundle import Bundle, pack, read_files, write_files
from .grader import Grader
from .local import GRADING_PROCESS

#: how often a submission is tried again when the machine that graded it is gone
RETRIES = 5
#: tasks that wait beyond those that can run at once: enough to keep every machine busy, and no more in memory
AHEAD = 2
KNOCK_SECONDS = 10.0
#: the exit code of a task that was lost more often than that: our fault
LOST = 3


@dataclass(frozen=True)
class Answer:
    """What a task sends back: the exit code, what was said on stderr, and every file that was written."""

    code: int
    complaint: str
    files: Mapping[str, bytes]


def grade_bundle(bundle: Bundle, command: tuple[str, ...] = GRADING_PROCESS) -> Answer:
    """Grade on the machine that this runs on, in a folder that is gone afterwards."""
    with scratch() as folder:
        words = bundle.unpack(folder)
        finished = _grader(command).grade(Job("remote", tuple(words), folder / "out"))
        # what went there and was not written anew is no answer
        files = {name: said for name, said in read_files(folder / "out") if bundle.files.get(f"out/{name}") != said}
        return Answer(finished.code, finished.complaint.replace(f"{folder}/submission/", ""), files)


@functools.lru_cache(maxsize=1)
def _grader(command: tuple[str, ...]) -> Grader:
    """The grading process of this worker of Ray's: it stays warm for the next task, and ends with the worker."""
    return Grader(command)


@dataclass(frozen=True)
class RayEngine:
    """`address`: of a cluster (`auto` for the one this machine belongs to); None starts Ray on this machine."""

    address: str | None = None
    command: tuple[str, ...] = GRADING_PROCESS

    def at(self, address: str) -> Self:
        return replace(self, address=address)

    def run(self, jobs: Sequence[Job], at_once: int) -> Iterator[Finished]:
        """Yield each job as it finishes; closing the iterator cancels what still runs.

        `at_once` bounds this machine when Ray is started here; a cluster runs as many as it has room for.
        """
        ray = _ray()
        started = not ray.is_initialized()
        if started:
            _connect(ray, self.address, at_once)
        task = ray.remote(grade_bundle)
        waiting = iter(jobs)
        running: dict[Any, Job] = {}
        try:
            while True:
                self._fill(ray, task, waiting, running)
                if not running:
                    return
                done, _ = ray.wait(list(running), num_returns=1)
                for reference in done:
                    yield _finished(ray, reference, running.pop(reference))
        finally:
            for reference in running:
                with contextlib.suppress(Exception):  # a cluster that is gone cannot cancel anything
                    ray.cancel(reference, force=True)
            if started:
                ray.shutdown()

    def _fill(self, ray: Any, task: Any, waiting: Iterator[Job], running: dict[Any, Job]) -> None:
        """Hand over as many as can run, and a few: the rest stays here until there is room."""
        while len(running) < _room(ray):
            job = next(waiting, None)
            if job is None:
                return
            options = task.options(
                num_cpus=job.cpus, num_gpus=job.gpus, max_retries=RETRIES, retry_exceptions=False, name=job.name
            )
            running[options.remote(pack(job.arguments), self.command)] = job


def _ray() -> Any:
    try:
        import ray
    except ImportError:
        raise UsageError("--engine ray: Ray is not installed; `pip install gradeloop[ray]` brings it") from None
    return ray


def _connect(ray: Any, address: str | None, at_once: int) -> None:
    if address is not None:
        _knock(address)
    local = {"num_cpus": at_once} if address is None else {"address": address}
    before = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(**local, include_dashboard=False, log_to_driver=False, logging_level="ERROR", configure_logging=False)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise UsageError(f"--address: {address or 'this machine'}: {error}") from None
    finally:
        # Ray ends the program at SIGTERM by a way of its own; a batch keeps what is finished
        with contextlib.suppress(ValueError):
            signal.signal(signal.SIGTERM, before)


def _knock(address: str) -> None:
    """Raises UsageError where nobody listens: Ray itself would wait for minutes."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), KNOCK_SECONDS).close()
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"--address: {address}: {reason}") from None


def _room(ray: Any) -> int:
    """Tasks to have under way: those that the cluster has processors for, and some to take their place at once."""
    return max(1, int(AHEAD * ray.cluster_resources().get("CPU", 1)))


def _finished(ray: Any, reference: Any, job: Job) -> Finished:
    """The answer, its files written here. A task that Ray gave up is our fault, and never the student's."""
    try:
        answer = ray.get(reference)
    except ray.exceptions.RayError as error:
        return Finished(job, LOST, f"lost on its way: {type(error).__name__}")
    try:
        write_files(answer.files, job.folder)
    except OSError as error:
        return Finished(job, 2, f"--out: {job.folder}: {error.strerror}")
    return Finished(job, answer.code, answer.complaint)
