"""One grading process as the engine sees it: it gets a job, answers with an exit code, and is replaced when it dies."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from typing import IO

from . import Finished, Job

COMPLAINT = 2000
#: gradings after which a process is replaced, so that nothing can pile up in it
RECYCLED_AFTER = 100
#: for reading a submission and its exercise; then the process itself says how long the rest may take
FIRST_SECONDS = 300.0
_CLOSE_SECONDS = 20.0
_LAST_WORDS_SECONDS = 5.0
_OUR_FAULT, _INTERRUPTED = 3, 130


class Grader:
    """Grades one job at a time. To end it: `interrupt`, `close`, `release`; the first two from any thread."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._process: Process | None = None
        self._lock = threading.Lock()
        self._closed = False

    def grade(self, job: Job) -> Finished:
        """The job's exit code: what the process answered, else what the process came to."""
        process = self._ready()
        if process is None:
            return Finished(job, _INTERRUPTED, "interrupted")
        code = process.ask(job)
        if process.is_over or process.graded >= RECYCLED_AFTER:
            self._replace(process)
        return Finished(job, code, process.complaint)

    def interrupt(self) -> None:
        """Tell the process to end, with whatever it is grading; nothing is graded any more."""
        with self._lock:
            self._closed = True
        if self._process is not None:
            self._process.interrupt()

    def close(self) -> None:
        """Wait until it has ended; kill it where it does not."""
        if self._process is not None:
            self._process.close()

    def release(self) -> None:
        """Let go of everything, once `grade` has returned for the last time."""
        if self._process is not None:
            self._process.release()

    def _ready(self) -> Process | None:
        with self._lock:
            if self._process is None and not self._closed:
                self._process = Process(self._command)
            return None if self._closed else self._process

    def _replace(self, process: Process) -> None:
        process.interrupt()
        process.close()
        with self._lock:
            # interrupted meanwhile: then `release` is still to come for it
            if not self._closed:
                process.release()
                self._process = None


class Process:
    """A line of JSON in for each job, a line out for its end; what it complains of goes to a file without a name."""

    def __init__(self, command: Sequence[str]) -> None:
        self.graded = 0
        self.complaint = ""
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._buffer = b""
        self._process = subprocess.Popen(
            command,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**os.environ, "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")},
            start_new_session=True,  # an interrupt at the terminal is for the engine, which tells the others
        )

    @property
    def is_over(self) -> bool:
        """Whether the process has ended."""
        return self._process.poll() is not None

    def ask(self, job: Job) -> int:
        """Let it grade; its answer, or how it ended instead."""
        self._log.seek(0)
        self._log.truncate()
        self.graded += 1
        message = json.dumps({"arguments": job.arguments}).encode() + b"\n"
        code = self._answer() if self._say(message) else None
        if code is None:
            code = self._how_it_ended()
        self.complaint = self._last_words()
        return code

    def interrupt(self) -> None:
        """Ask it to end, in the middle of a grading too."""
        self._process.terminate()

    def close(self) -> None:
        """Wait for its end, and force it if need be."""
        try:
            self._process.wait(_CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def release(self) -> None:
        """Let go of its files, once nobody waits for its answer any more."""
        for stream in (self._process.stdin, self._process.stdout, self._log):
            assert stream is not None
            stream.close()

    def _say(self, message: bytes) -> bool:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(message)
        except OSError:  # it has gone
            return False
        return True

    def _answer(self) -> int | None:
        """The exit code that it says; None when it is gone, or takes too long and is killed."""
        deadline = time.monotonic() + FIRST_SECONDS
        while (line := self._line(deadline)) is not None:
            said = json.loads(line)
            if "code" in said:
                return int(said["code"])
            deadline = time.monotonic() + float(said["seconds"])
        return None

    def _line(self, deadline: float) -> bytes | None:
        assert self._process.stdout is not None
        poll = select.poll()
        poll.register(self._process.stdout, select.POLLIN)
        while b"\n" not in self._buffer:
            if not poll.poll(max(0.0, 1000 * (deadline - time.monotonic()))):
                self._abort()
                return None
            received = os.read(self._process.stdout.fileno(), 1 << 16)
            if not received:
                return None
            self._buffer += received
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def _abort(self) -> None:
        """Let it write down where it hangs, then kill it."""
        self._process.send_signal(signal.SIGABRT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_LAST_WORDS_SECONDS)
        self._process.kill()

    def _how_it_ended(self) -> int:
        """Its signal as a negative number; a process that left without an answer is our fault."""
        code = self._process.wait()
        return code if code < 0 else _OUR_FAULT

    def _last_words(self) -> str:
        size = os.fstat(self._log.fileno()).st_size
        text = os.pread(self._log.fileno(), COMPLAINT, max(0, size - COMPLAINT))
        return text.decode("utf-8", "replace").strip()
