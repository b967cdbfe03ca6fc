# expect: completed
# Everything else that this user runs is out of reach: priorities, processors, owners of signals.
import ctypes
import fcntl
import os
import socket

import targets
from helping import attempt

libc = ctypes.CDLL(None, use_errno=True)
PRIO_USER, IOPRIO_WHO_USER, IDLE = 2, 3, 3 << 13
OTHERS = (targets.BYSTANDER, targets.GRADER_PID)


def tried(what, *arguments):
    """Call the kernel by number."""
    result = libc.syscall(*map(ctypes.c_long, arguments))
    attempt(what, lambda: None if result < 0 else result, harmless=(None,))


tried("the priority of all of a user's processes", 141, PRIO_USER, 0, 19)
tried("the disk's priority of all of a user's processes", 251, IOPRIO_WHO_USER, 0, IDLE)
for other in OTHERS:
    attempt("the processors of another", lambda other=other: os.sched_setaffinity(other, {0}) or "set")
    attempt("the priority of another", lambda other=other: os.setpriority(os.PRIO_PROCESS, other, 19) or "set")

mine, theirs = socket.socketpair()
for name, request in {"FIOSETOWN": 0x8901, "SIOCSPGRP": 0x8902}.items():
    word = targets.BYSTANDER.to_bytes(4, "little")
    attempt(name, lambda request=request, word=word: fcntl.ioctl(mine, request, word) and "owner")
attempt("F_SETOWN", lambda: fcntl.fcntl(mine, fcntl.F_SETOWN, targets.BYSTANDER) or "owner")
