"""Walks into a room that bubblewrap has built: joins the namespaces of a process that lives there."""

from __future__ import annotations

import ctypes
import fcntl
import os
from pathlib import Path

from .linux import checked, libc

_NEW_USER = 0x10000000
_GET_OWNER = 0xB701  # NS_GET_USERNS: the user namespace that owns another one
#: the file system last: /proc is read until then
_KINDS = ("cgroup", "ipc", "uts", "net", "pid", "mnt")


def enter(process: int) -> None:
    """Join all namespaces of a process; children are born into its pid namespace. Raises OSError.

    An unprivileged bubblewrap makes two user namespaces: the outer one owns the mounts and everything else, and
    gives the right to join them; the inner one is what its processes live in, and is joined last.
    """
    handles = {kind: os.open(f"/proc/{process}/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC) for kind in (*_KINDS, "user")}
    own = {kind: Path(f"/proc/self/ns/{kind}").stat().st_ino for kind in handles}
    owner = fcntl.ioctl(handles["mnt"], _GET_OWNER)
    user, outer = (os.fstat(handle).st_ino for handle in (handles["user"], owner))
    if outer != own["user"]:
        _join(owner, _NEW_USER)
    for kind in _KINDS:
        if os.fstat(handles[kind]).st_ino != own[kind]:
            _join(handles[kind])
    if user not in (outer, own["user"]):
        _join(handles["user"], _NEW_USER)
    for handle in (owner, *handles.values()):
        os.close(handle)
    os.chdir("/")


def _join(handle: int, kind: int = 0) -> None:
    checked(libc.setns(ctypes.c_int(handle), ctypes.c_int(kind)), "setns")
