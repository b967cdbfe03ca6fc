"""Runs a program that ends badly in a forked child under small limits, and says how it ended."""

from __future__ import annotations

import contextlib
import os
import resource
import select
import signal
import time
from collections.abc import Callable
from pathlib import Path

from grader.model import Blame, Run, RunStatus

MORE_MEMORY = 300_000_000
MOST_OUTPUT = 2_000_000
#: the exit code by which the child says that memory was refused
NO_MEMORY = 87


def ending(source: str, seconds: float) -> Run:
    """Fork, run, and watch from outside: time, memory, output, signals."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _in_child(lambda: exec(compile(source, "program", "exec"), {"__name__": "__main__"}), writer)
    os.close(writer)
    flooded, late = _drain(reader, seconds)
    os.close(reader)
    if flooded or late:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return Run(_status(status, flooded, late), Blame.STUDENT, os.waitstatus_to_exitcode(status))


def _status(status: int, flooded: bool, late: bool) -> RunStatus:
    if flooded:
        return RunStatus.OUTPUT_FLOOD
    if late:
        return RunStatus.TIMED_OUT
    if os.waitstatus_to_exitcode(status) == NO_MEMORY:
        return RunStatus.OUT_OF_MEMORY
    return RunStatus.KILLED if os.WIFSIGNALED(status) else RunStatus.COMPLETED


def _drain(reader: int, seconds: float) -> tuple[bool, bool]:
    """Read until the end: too much, too long, or neither."""
    end, seen = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        ready, _, _ = select.select([reader], [], [], end - time.monotonic())
        chunk = os.read(reader, 65536) if ready else b"-"
        if not chunk:
            return False, False
        seen += len(chunk)
        if seen > MOST_OUTPUT:
            return True, False
    return False, True


def _in_child(program: Callable[[], None], writer: int) -> None:
    os.dup2(writer, 1)
    os.close(writer)
    import torch

    torch.set_num_threads(1)
    held = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_DATA, (held + MORE_MEMORY,) * 2)
    code = 0
    try:
        with open(1, "w", closefd=False) as stream, contextlib.redirect_stdout(stream):
            program()
    except (MemoryError, RuntimeError) as error:
        code = NO_MEMORY if isinstance(error, MemoryError) or "memory" in str(error) else 1
    finally:
        os._exit(code)
