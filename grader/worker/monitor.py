"""Starts the worker and outlives it where no pid namespace does: what a run leaves is found and killed."""

from __future__ import annotations

import contextlib
import os
import resource
import select
import signal
import sys
import time
from pathlib import Path

from . import linux

#: on a machine that is busy with the very processes that are to go
_HUNT_SECONDS = 30.0
_LINUX = sys.platform == "linux"


def main(arguments: list[str]) -> None:
    """Fork the worker; when it ends or the supervisor hangs up, kill what is left and leave likewise."""
    from . import main as worker

    os.setsid()
    if _LINUX:
        linux.prctl(linux.PR_SET_CHILD_SUBREAPER, 1)
        linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGTERM)
    asked: list[int] = []
    # only noted: an exception out of the handler could come in the middle of the hunt and end it
    signal.signal(signal.SIGTERM, lambda number, _frame: asked.append(number))
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.setsid()
        if _LINUX:
            linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
        worker.main(arguments)
    frames, control, faults = map(int, arguments)
    for handle in (1, 2, frames, faults):
        os.close(handle)
    status = 128 + signal.SIGKILL
    try:
        status = _wait(child, control, asked)
    finally:
        hunt(child)
        os._exit(status)


def _wait(child: int, control: int, asked: list[int]) -> int:
    """The child's exit status as a shell would say it; SIGKILL's when the supervisor has had enough first."""
    poll = select.poll()
    poll.register(control, 0)  # only that the other side has hung up
    while True:
        with contextlib.suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                if found[0] == child:
                    code = os.waitstatus_to_exitcode(found[1])
                    return code if code >= 0 else 128 - code
        if poll.poll(20) or asked:
            return 128 + signal.SIGKILL


def hunt(child: int) -> None:
    """Kill every descendant: listing and killing loses against a fork bomb, so first stop all."""
    deadline = time.monotonic() + _HUNT_SECONDS
    with contextlib.suppress(OSError):
        os.kill(child, signal.SIGKILL)
    while time.monotonic() < deadline:
        for process in _freeze(deadline):
            with contextlib.suppress(OSError):
                os.kill(process, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.005)


def _freeze(deadline: float) -> set[int]:
    stopped: set[int] = set()
    while time.monotonic() < deadline:
        new = [process for process in descendants(os.getpid()) if process not in stopped]
        if not new:
            break
        for process in new:
            stopped.add(process)
            with contextlib.suppress(OSError):
                resource.prlimit(process, resource.RLIMIT_NPROC, (0, 0))
                os.kill(process, signal.SIGSTOP)
    return stopped


def descendants(process: int) -> list[int]:
    """Every process below one, children before grandchildren; empty where there is no /proc."""
    found: list[int] = []
    waiting = [process]
    while waiting:
        children = _children(waiting.pop())
        found += children
        waiting += children
    return found


def _children(process: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{process}/task").iterdir():  # a child belongs to the thread that forked it
            with contextlib.suppress(OSError):
                found += [int(word) for word in (thread / "children").read_text().split()]
    return found
