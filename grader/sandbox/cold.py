"""A worker that is a process of its own, started for one run: the two ways to start it, and its end."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import SandboxError
from ..model import RunSpec
from . import processes, room
from .backend import Ended, Pipes
from .box import Box
from .storage import Stored, in_room

#: longer than the monitor hunts
_MONITOR_SECONDS = 35.0


class ColdWorker:
    """Wraps the process that was started. `gentle`: a monitor, which kills the rest when asked to leave."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        jail: Mapping[str, Any],
        *,
        overhead: int,
        gentle: bool,
        box: Box | None = None,
    ) -> None:
        self.pid = process.pid
        self.jail = jail
        self.overhead = overhead
        self._process = process
        self._gentle = gentle
        self._box = box

    def ended(self) -> Ended | None:
        """How it ended. Both bubblewrap and the monitor say 128 + n for signal n, as a shell does."""
        code = self._process.poll()
        return None if code is None else as_a_shell_says(code)

    def stored(self, most: int) -> Stored:
        """What lies in the run's folder, or in its room, and in files without a name."""
        members = processes.tree(self.pid)[1:]
        return (
            in_room(members, room.written_folders(self.jail)) if self._box is None else self._box.stored(members, most)
        )

    def stop(self) -> None:
        """Kill everything. Without a pid namespace the monitor has to find what has run away."""
        if self._gentle and self._process.poll() is None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_MONITOR_SECONDS)
        if self._process.poll() is None:
            processes.kill_tree(self.pid)
            self._process.kill()
        self._process.wait()

    def clean(self) -> None:
        """Remove the run's folder."""
        if self._box is not None:
            self._box.remove()


def as_a_shell_says(code: int) -> Ended:
    """An exit status, where one above 128, or below 0, stands for a signal."""
    if code < 0:
        return Ended(signal=-code)
    return Ended(signal=code - 128) if code - 128 in signal.valid_signals() else Ended(code=code)


def monitored(spec: RunSpec, pipes: Pipes, box: Box, jail: Mapping[str, Any]) -> ColdWorker:
    """Start a worker on this machine's own files, below a monitor that hunts down what the run leaves behind."""
    command = room.command(str(room.WORKER), "monitor", (pipes.frames, pipes.control, pipes.faults))
    process = start(command, pipes, room.environment(spec, str(box.temp)))
    places = {"work": str(box.work), "temp": str(box.temp), "data": room.offered_data(spec, str(spec.data))}
    return ColdWorker(process, {**places, **jail}, overhead=1, gentle=True, box=box)


def start(command: Sequence[str], pipes: Pipes, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a process with a worker's pipes and nothing else of ours. Raises SandboxError."""
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=pipes.stdout,
            stderr=pipes.stderr,
            pass_fds=(pipes.frames, pipes.control, pipes.faults),
            env=dict(environment),
            cwd="/",
        )
    except OSError as error:
        raise SandboxError(f"{command[0]}: {error.strerror}") from None
