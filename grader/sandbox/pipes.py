"""The pipes between a supervisor and one worker."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields

from .backend import Pipes


@dataclass(frozen=True)
class Ends:
    """The supervisor's own ends, as descriptors; reading ones never block."""

    stdout: int
    stderr: int
    frames: int
    faults: int
    control: int

    def close(self) -> None:
        """Close them all."""
        close_all(self)


def open_pipes() -> tuple[Pipes, Ends]:
    """Five pipes: four that the worker writes to, one that it reads from."""
    readers: dict[str, int] = {}
    writers: dict[str, int] = {}
    for name in ("stdout", "stderr", "frames", "control", "faults"):
        readers[name], writers[name] = os.pipe()
    control_for_worker, control = readers.pop("control"), writers.pop("control")
    for descriptor in (*readers.values(), control):
        os.set_blocking(descriptor, False)
    return Pipes(**writers, control=control_for_worker), Ends(**readers, control=control)


def close_all(ends: Pipes | Ends) -> None:
    """Close every descriptor of one side."""
    for field in fields(ends):
        os.close(getattr(ends, field.name))
