"""Landlock through ctypes: which files this process and its children may still touch."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .linux import PR_SET_NO_NEW_PRIVS, checked, libc, prctl, syscall

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_MAKE_CHAR, _MAKE_BLOCK = 64, 2048
_REFER, _TRUNCATE, _IOCTL_DEV = 8192, 16384, 32768
_FILE_ONLY = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_DEVICE = _READ_FILE | _WRITE_FILE | _IOCTL_DEV


def abi() -> int:
    """The version of Landlock that this kernel speaks; 0 or less when it has none."""
    result: int = libc.syscall(ctypes.c_long(_CREATE_RULESET), None, ctypes.c_size_t(0), ctypes.c_uint(1))
    return result


def restrict(rules: dict[str, Any]) -> int:
    """Apply a plan with the lists `read`, `list`, `write` and `devices`; returns the ABI. Raises OSError.

    TCP is refused from ABI 4 on; abstract sockets and signals to the outside from ABI 6 on.
    """
    version = checked(abi(), "Landlock")
    files = _handled_files(version)
    network, scope = (3 if version >= 4 else 0), (3 if version >= 6 else 0)
    attributes = struct.pack("QQQ", files, network, scope)[: 8 if version < 4 else 16 if version < 6 else 24]
    ruleset = syscall(_CREATE_RULESET, attributes, len(attributes), 0)
    write = files & ~(_MAKE_CHAR | _MAKE_BLOCK | _IOCTL_DEV)
    for key, access in (("read", _READ), ("list", _READ_DIR), ("write", write), ("devices", _DEVICE)):
        _add(ruleset, rules.get(key, ()), access & files)
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    syscall(_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)
    return version


def _handled_files(version: int) -> int:
    newer = {2: _REFER, 3: _TRUNCATE, 5: _IOCTL_DEV}
    return ((1 << 13) - 1) | sum(bit for since, bit in newer.items() if version >= since)


def _add(ruleset: int, paths: Iterable[str], access: int) -> None:
    for path in paths:
        try:
            handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue  # what is not there needs no permission
        allowed = access if Path(path).is_dir() else access & _FILE_ONLY
        if allowed:
            syscall(_ADD_RULE, ruleset, 1, struct.pack("=Qi", allowed, handle), 0)
        os.close(handle)
