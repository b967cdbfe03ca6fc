"""The fastest start: a server that has imported torch already forks into a room that bubblewrap builds."""

from __future__ import annotations

import contextlib
import json
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import SandboxError
from ..model import Layer, Probe, RunSpec
from . import processes, room
from .backend import Ended, Pipes, Worker
from .bubblewrap import TEMP, Bubblewrap, fix, missing
from .cold import as_a_shell_says
from .probe import try_to_break_out, with_identity
from .server import Line, Server
from .storage import Stored, in_room

_STOP_SECONDS = 8.0
#: what waits in a room until the fork has moved in
_INHABITANT = "cat"
#: what runs on data of ours import, a second's work; others are not made to wait for it
_PACKAGES = ("torchvision",)


class Warm:
    """Bubblewrap's room and all of its walls, with a worker that is a fork instead of a new process.

    The server is started by `prepare` or by the first run, for that seed: how a set is ordered depends on a number
    that no fork can change. A run with another seed starts cold. A server that has died is replaced.
    """

    name = "warm"
    walls = Bubblewrap.name

    def __init__(self, rooms: Bubblewrap) -> None:
        self._rooms = rooms
        self._server: Server | None = None
        self._probe: Probe | None = None
        self._lock = threading.Lock()

    @property
    def pid(self) -> int | None:
        """The server's process; None when none was started."""
        return self._server.pid if self._server is not None else None

    def prepare(self, seed: int) -> None:
        """Start the server for runs with this seed, and return at once."""
        if self._impossible() is None:
            with contextlib.suppress(SandboxError):
                self._running(seed)

    def close(self) -> None:
        """Let the server go. Runs that are under way are not disturbed; a later one starts another server."""
        with self._lock:
            server, self._server = self._server, None
        if server is not None:
            server.stop()

    def probe(self) -> Probe:
        """Let a fork of the server try to break out of its room; works when it was refused everything."""
        if self._probe is None:
            server = self._server
            seed = server.seed if server is not None else 0
            self._probe = self._impossible() or with_identity(try_to_break_out(self, fix, seed), walk=False)
        return self._probe

    def launch(self, spec: RunSpec, pipes: Pipes) -> Worker:
        """Fork a worker into a new room; start it cold where no fork is to be had, once the walls are known."""
        try:
            worker = self._forked(spec, pipes)
        except SandboxError:
            if self._probe is None:
                raise
            worker = None
        return worker or self._rooms.launch(spec, pipes)

    def _impossible(self) -> Probe | None:
        if sys.platform != "linux":
            reason = "processes can move into a room on Linux only"
            return Probe(works=False, layers=(Layer("worker", False, reason),), reason=reason)
        return missing() if self._rooms.program() is None else None

    def _running(self, seed: int) -> Server:
        with self._lock:
            if self._server is None:
                self._server = Server(seed)
            return self._server

    def _renewed(self, dead: Server) -> Server:
        """A new server in the place of one that was found dead, unless another thread was faster."""
        with self._lock:
            if self._server is dead:
                dead.stop()
                self._server = Server(dead.seed)
            return self._server or dead

    def _forked(self, spec: RunSpec, pipes: Pipes) -> Worker | None:
        """A fork of the server, or of its successor; None when both died, or it was started for another seed."""
        server = self._running(spec.seed)
        if server.seed != spec.seed:
            return None
        plan = self._rooms.plan(spec)
        # bubblewrap tells what it starts where that is
        environment = {**room.environment(spec, TEMP), "PWD": "/"}
        order = {"room": [*plan.room, _INHABITANT], "environment": environment}
        message = json.dumps(order).encode()
        packages = _PACKAGES if spec.data is not None else ()
        line = _line(server, packages, message, pipes) or _line(self._renewed(server), packages, message, pipes)
        return None if line is None else WarmWorker(line, plan.jail)


def _line(server: Server, packages: Sequence[str], message: bytes, pipes: Pipes) -> Line | None:
    for package in packages:
        server.preload(package)
    return server.fork(message, pipes)


class WarmWorker:
    """A fork of the server in its room. Below `pid`, outside, are the room's own processes and the worker."""

    #: the fork that stays outside, two of bubblewrap's, and the room's inhabitant
    overhead = 4

    def __init__(self, line: Line, jail: Mapping[str, Any]) -> None:
        self.pid = line.pid
        self.jail = jail
        self._line = line
        self._ended: Ended | None = None

    def ended(self) -> Ended | None:
        """What the fork outside said of it; gone without a word counts as killed."""
        if self._ended is None and (word := self._line.heard()) is not None:
            self._ended = as_a_shell_says(int(word)) if word.isdigit() else Ended(signal=signal.SIGKILL)
        return self._ended

    def stored(self, most: int) -> Stored:
        """What lies in the room, however much."""
        return in_room(processes.tree(self.pid)[1:], room.written_folders(self.jail))

    def stop(self) -> None:
        """Hang up: the fork outside takes down the room. Where it does not, it is killed with all below it."""
        self._line.hang_up()
        if not self._line.is_gone(_STOP_SECONDS):
            processes.kill_tree(self.pid)

    def clean(self) -> None:
        """Nothing is left on disk: the room was made of memory."""
        self._line.close()
