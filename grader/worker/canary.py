"""Tries to break out of the jail that it sits in: a backend is chosen by what holds, not by what it says.

Where nothing holds it succeeds, perhaps as root on somebody's machine: so each attempt touches only what the
supervisor laid out for it, and the mount names a kind of file system that does not exist.
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .linux import libc

_ATTACH = 16


def try_everything(targets: dict[str, Any]) -> dict[str, bool]:
    """Each attempt -> whether it was refused. `targets`: what the supervisor laid out to be reached."""
    folder = targets["folder"]
    attempts: dict[str, Callable[[], object]] = {
        "read": lambda: Path(targets["secret"]).read_bytes(),
        "write": lambda: Path(folder, "written-from-the-jail").write_bytes(b""),
        "list": lambda: list(Path(folder).iterdir()),
        "network": lambda: _connect(targets["port"]),
        "signal": lambda: os.kill(targets["bystander"], signal.SIGKILL),
        "mount": lambda: _call(libc.mount(b"none", folder.encode(), b"no-such-kind", 0, None)),
        "trace": lambda: _call(libc.ptrace(_ATTACH, targets["bystander"], 0, 0)),
    }
    return {name: _is_refused(attempt) for name, attempt in attempts.items()}


def _is_refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError:
        return True
    return False


def _connect(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=2.0):
        pass


def _call(result: int) -> None:
    """A refusal comes before the kernel looks at what was asked for: ENODEV means that nobody refused."""
    number = ctypes.get_errno()
    if result < 0 and number != errno.ENODEV:
        raise OSError(number, os.strerror(number))
