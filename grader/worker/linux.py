"""The few kernel calls that Python does not offer, through ctypes."""

from __future__ import annotations

import ctypes
import os
import struct
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_CAPABILITY_VERSION_3 = 0x20080522

libc = ctypes.CDLL(None, use_errno=True)


def checked(result: int, what: str) -> int:
    """The result of a libc call; raises OSError with errno where it is negative."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def prctl(option: int, *values: int) -> int:
    """prctl(2). Raises OSError."""
    padded = (option, *values, 0, 0, 0, 0)[:5]
    return checked(libc.prctl(*map(ctypes.c_ulong, padded)), f"prctl({option})")


def syscall(number: int, *arguments: object) -> int:
    """syscall(2) by number; integers go as longs, bytes as pointers. Raises OSError."""
    values = [ctypes.c_long(item) if isinstance(item, int) else item for item in arguments]
    return checked(libc.syscall(ctypes.c_long(number), *values), f"system call {number}")


def drop_capabilities() -> None:
    """Give up every capability, now and for whatever is executed later. Raises OSError."""
    for capability in range(_last_capability() + 1):
        # without CAP_SETPCAP this is refused, and there is then nothing in the set that could be regained
        libc.prctl(ctypes.c_ulong(PR_CAPBSET_DROP), ctypes.c_ulong(capability), 0, 0, 0)
    libc.prctl(ctypes.c_ulong(PR_CAP_AMBIENT), ctypes.c_ulong(_PR_CAP_AMBIENT_CLEAR_ALL), 0, 0, 0)
    header = struct.pack("Ii", _CAPABILITY_VERSION_3, 0)
    checked(libc.capset(header, bytes(24)), "capset")


def _last_capability() -> int:
    try:
        return int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    except (OSError, ValueError):
        return 40
