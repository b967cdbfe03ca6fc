"""One run of the warm server: builds a room around a fork of it, and stays outside to tell how it ended."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import traceback
from typing import Any

from . import main as worker
from . import monitor, namespaces

BROKEN = 99


def main(message: bytes, descriptors: list[int]) -> None:
    """Never returns, and never lets an exception up into the server.

    Descriptors: the worker's five pipes, then a line to whoever asked for the run. On it goes this process's
    number first and the worker's exit status last; when it is hung up from the other side, the run is over.
    """
    code = BROKEN
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        code = attend(json.loads(message), descriptors)
    except BaseException:
        with contextlib.suppress(BaseException):
            os.write(descriptors[1], traceback.format_exc().encode("utf-8", "backslashreplace"))
    finally:
        os._exit(code)


def attend(plan: dict[str, Any], descriptors: list[int]) -> int:
    """Room, worker, wait, tell, and everything of the room is gone."""
    *pipes, line = descriptors
    supervisor = socket.socket(fileno=line)
    supervisor.send(str(os.getpid()).encode())
    room = Room(plan["room"], pipes[1])
    try:
        inhabitant = room.inhabitant()
        if inhabitant is None:
            supervisor.send(str(room.leave()).encode())
            return 0
        namespaces.enter(inhabitant)
        child = os.fork()
        if child == 0:
            become_worker(plan["environment"], pipes)
        for descriptor in pipes:
            os.close(descriptor)
        code = wait(child, supervisor)
    finally:
        room.leave()
    supervisor.send(str(code).encode())
    return 0


class Room:
    """What bubblewrap builds: it stands as long as a process in it does, one that only waits for the end of a pipe."""

    def __init__(self, command: list[str], complaints: int) -> None:
        inside, self._door = os.pipe()
        self._window, answer = os.pipe()
        self._process = subprocess.Popen(
            command, stdin=inside, stdout=answer, stderr=complaints, env={"PATH": "/usr/bin:/bin"}, cwd="/"
        )
        self._first: int | None = None
        os.close(inside)
        os.close(answer)

    def inhabitant(self) -> int | None:
        """The process that waits in it, once everything is in its place; None where no room came about."""
        # it echoes: bubblewrap's own word that a room is ready comes before its mounts are finished
        with contextlib.suppress(BrokenPipeError):
            os.write(self._door, b"?")
        if not os.read(self._window, 1):
            return None
        members = monitor.descendants(self._process.pid)
        self._first = members[0]  # noted now: inside, /proc is another one
        return members[-1]

    def leave(self) -> int:
        """Take it down with everything in it; how bubblewrap ended, as a shell says it."""
        if self._first is not None:
            with contextlib.suppress(OSError):
                os.kill(self._first, signal.SIGKILL)  # the kernel kills the rest of its pid namespace
            self._first = None
        code = self._process.wait()
        return code if code >= 0 else 128 - code


def become_worker(environment: dict[str, str], pipes: list[int]) -> None:
    """Turn a fork of the server into what a new process would have been. Never returns."""
    try:
        os.setsid()
        os.dup2(pipes[0], 1)
        os.dup2(pipes[1], 2)
        os.environ.clear()
        os.environ.update(environment)
        # what was looked up before belongs to another file system
        sys.path_importer_cache.clear()
        importlib.invalidate_caches()
        worker.main([str(descriptor) for descriptor in pipes[2:]])
    finally:
        os._exit(BROKEN)


def wait(child: int, supervisor: socket.socket) -> int:
    """The worker's exit status as a shell would say it; it is killed when the supervisor hangs up."""
    handle = os.pidfd_open(child)
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    poll.register(supervisor, select.POLLIN)
    if handle not in dict(poll.poll()):
        with contextlib.suppress(OSError):
            os.kill(child, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code if code >= 0 else 128 - code
