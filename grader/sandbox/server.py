"""The warm server as its owner sees it: started in the background, asked for forks, dead with its owner."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import subprocess
import threading
import weakref

from ..errors import SandboxError
from ..model import Limits, RunSpec, SubmissionKind
from . import room
from .backend import Pipes
from .bubblewrap import TEMP

#: importing torch on a busy machine takes its time
_START_SECONDS = 90.0
_FORK_SECONDS = 10.0
_WORD = 64


class Server:
    """A process of its own; several threads may ask it for forks. It ends with whoever holds the other socket."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._lock = threading.Lock()
        self._ready = False
        self._preloaded: set[str] = set()
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self._process = _start(seed, theirs)
        except OSError as error:
            self._socket.close()
            raise SandboxError(f"the warm server: {error.strerror}") from None
        finally:
            theirs.close()
        self.pid = self._process.pid
        # also when nobody has called stop() before the program ends
        self.stop = weakref.finalize(self, _end, self._process, self._socket)

    def fork(self, order: bytes, pipes: Pipes) -> Line | None:
        """A run; None when the server is dead. Raises SandboxError when it never was alive."""
        self._wait_until_ready()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        descriptors = [pipes.stdout, pipes.stderr, pipes.frames, pipes.control, pipes.faults, theirs.fileno()]
        try:
            socket.send_fds(self._socket, [order], descriptors)
        except OSError:
            ours.close()
            return None
        finally:
            theirs.close()
        number = _receive(ours, _FORK_SECONDS)
        try:
            return Line(int(number or b""), ours)
        except (ValueError, ProcessLookupError):
            ours.close()
            return None

    def preload(self, package: str) -> None:
        """Let the server import a package before its next fork, once."""
        self._wait_until_ready()
        with self._lock, contextlib.suppress(OSError):  # a server that is dead is found to be at the next fork
            if package not in self._preloaded:
                self._preloaded.add(package)
                self._socket.send(package.encode())
                _receive(self._socket, _START_SECONDS)

    def _wait_until_ready(self) -> None:
        with self._lock:
            if not self._ready and not _receive(self._socket, _START_SECONDS):
                self._process.kill()
                complaints = self._process.stdout.read() if self._process.stdout is not None else b""
                self.stop()
                last = complaints.decode("utf-8", "replace").strip().splitlines()[-1:]
                raise SandboxError(": ".join(["the warm server did not start", *last]))
            self._ready = True


class Line:
    """The connection to one run: the number of the process outside of its room, then how the worker ended."""

    def __init__(self, pid: int, connection: socket.socket) -> None:
        self.pid = pid
        self._process = os.pidfd_open(pid)
        self._socket = connection

    def heard(self) -> bytes | None:
        """The word on how it ended, empty when the other side has gone without; None while there is none."""
        return _receive(self._socket, 0.0)

    def is_gone(self, seconds: float) -> bool:
        """Whether the process outside ends in that time; it is the last of the run's."""
        poll = select.poll()
        poll.register(self._process, select.POLLIN)
        return bool(poll.poll(1000 * seconds))

    def hang_up(self) -> None:
        """Say that the run is over; a last word may still come."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Let go of it."""
        self._socket.close()
        os.close(self._process)


def _start(seed: int, connection: socket.socket) -> subprocess.Popen[bytes]:
    spec = RunSpec(files={}, entry="", kind=SubmissionKind.SCRIPT, limits=Limits(), seed=seed)
    # asking whether there is a graphics card must not wake it up
    environment = {**room.environment(spec, TEMP), "PYTORCH_NVML_BASED_CUDA_CHECK": "1"}
    return subprocess.Popen(
        room.command(str(room.WORKER), "warm", (connection.fileno(),)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,  # of the same kind as a worker's: its stream objects are handed down
        stderr=subprocess.STDOUT,
        pass_fds=(connection.fileno(),),
        env=environment,
        cwd="/",
        start_new_session=True,  # an interrupt at the terminal is not for it
    )


def _end(process: subprocess.Popen[bytes], connection: socket.socket) -> None:
    """It knows nothing that would be lost; its runs have lines of their own."""
    connection.close()
    process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _receive(connection: socket.socket, seconds: float) -> bytes | None:
    """One message, empty at the end; None when none came in time."""
    connection.settimeout(seconds)
    try:
        return connection.recv(_WORD)
    except (BlockingIOError, TimeoutError):
        return None
    except OSError:
        return b""
