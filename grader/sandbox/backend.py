"""What a sandbox backend is, what it starts, and how one is chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self, runtime_checkable

from ..errors import SandboxError, UsageError
from ..model import Probe, RunSpec
from .storage import Stored

UNCONFINED = "none"


@dataclass(frozen=True)
class Pipes:
    """The worker's ends of its pipes, as descriptors of this process; whoever made them closes them."""

    stdout: int
    stderr: int
    frames: int
    control: int
    faults: int


@dataclass(frozen=True)
class Ended:
    """How a worker's process ended: an exit code, or the signal that ended it."""

    code: int | None = None
    signal: int | None = None


class Worker(Protocol):
    """A running worker: a process of its own or a fork of a warm server, which look the same from here."""

    #: the process below which everything of this run is found
    pid: int
    #: processes below (and with) `pid` that are the sandbox's own
    overhead: int
    #: what the worker is told to apply to itself, see worker/jail.py
    jail: Mapping[str, Any]

    def ended(self) -> Ended | None:
        """How it ended; None while it runs. Never waits."""

    def stored(self, most: int) -> Stored:
        """What the run has written; nothing where that cannot be told. Files need not be counted beyond `most`."""

    def stop(self) -> None:
        """Kill everything that belongs to the run and wait until it is gone. May be called twice."""

    def clean(self) -> None:
        """Remove what the run left on disk. Called once, after `stop`."""


class SandboxBackend(Protocol):
    """One way to lock a worker in."""

    name: str

    def probe(self) -> Probe:
        """Whether it works here, found out by starting one that tries to break out; remembered."""

    def launch(self, spec: RunSpec, pipes: Pipes) -> Worker:
        """Start a worker that waits for its request. Raises SandboxError when it cannot be started."""


@runtime_checkable
class Preparable(Protocol):
    """A backend that can start early what takes time."""

    name: str

    def prepare(self, seed: int) -> None:
        """Begin to get ready for runs with this seed; returns at once and raises nothing."""

    def close(self) -> None:
        """Let go of what was started. Runs that are under way are not disturbed."""


class Prepared:
    """Backends that are getting ready, to be closed when the last run is over: `with prepare(backends): ...`."""

    def __init__(self, backends: Sequence[Preparable]) -> None:
        self._backends = backends

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of what was started; may be called twice."""
        close(self._backends)


def close(backends: Sequence[object]) -> None:
    """Let go of what any of them has started; may be called twice."""
    for backend in backends:
        if isinstance(backend, Preparable):
            backend.close()


def prepare(backends: Sequence[SandboxBackend], name: str = "auto", seed: int = 0) -> Prepared:
    """Let those backends that `choose` may take get ready in the background, while something else is done.

    The same backends have to be chosen from afterwards: what is ready belongs to them.
    """
    wanted = [item for item in backends if isinstance(item, Preparable) and name in ("auto", item.name)]
    for backend in wanted:
        backend.prepare(seed)
    return Prepared(wanted)


def choose(backends: Sequence[SandboxBackend], name: str = "auto") -> tuple[SandboxBackend, Probe]:
    """The backend of that name, or for `auto` the first that works and is not `none`.

    Raises UsageError for a name that nobody offers, SandboxError when nothing works, with reasons and fixes.
    """
    if name != "auto" and name not in {backend.name for backend in backends}:
        choices = ", ".join(["auto", *(backend.name for backend in backends)])
        raise UsageError(f"--sandbox: no sandbox {name!r}; choices: {choices}")
    wanted = [item for item in backends if (item.name == name if name != "auto" else item.name != UNCONFINED)]
    reasons: list[str] = []
    for backend in wanted:
        probe = backend.probe()
        if probe.works:
            return backend, probe
        fixes = [layer.fix for layer in probe.layers if layer.fix and not layer.holds]
        reasons.append(f"{backend.name}: {probe.reason}" + "".join(f"; {fix}" for fix in fixes))
    unsafe = f"--sandbox {UNCONFINED} runs code that you trust without any wall"
    raise SandboxError("no sandbox works here: " + " | ".join([*reasons, unsafe]))
