# expect: completed
# No way of asking for a namespace gives one.
import ctypes
import os

import targets
from helping import attempt

libc = ctypes.CDLL(None, use_errno=True)
FLAGS = {"mount": 0x20000, "cgroup": 0x2000000, "uts": 0x4000000, "ipc": 0x8000000, "user": 0x10000000, "pid": 0x20000000,
         "net": 0x40000000, "time": 0x80}
CLONE, CLONE3, UNSHARE, SETNS, PIDFD_OPEN, SIGCHLD = 56, 435, 272, 308, 434, 17


def cloned(flags):
    child = libc.syscall(ctypes.c_long(CLONE), ctypes.c_ulong(flags | SIGCHLD), None, None, None, None)
    if child == 0:
        os._exit(0)
    if child > 0:
        os.waitpid(child, 0)
    return child


def cloned3(flags):
    words = (ctypes.c_uint64 * 8)(flags, 0, 0, 0, SIGCHLD, 0, 0, 0)
    child = libc.syscall(ctypes.c_long(CLONE3), words, ctypes.c_size_t(64))
    if child == 0:
        os._exit(0)
    return child


for name, flag in FLAGS.items():
    if flag != 0x80:  # to clone(2) this number is a signal's
        attempt(f"clone {name}", lambda flag=flag: cloned(flag), harmless=(-1,))
        attempt(f"clone user and {name}", lambda flag=flag: cloned(flag | FLAGS["user"]), harmless=(-1,))
    attempt(f"clone3 {name}", lambda flag=flag: cloned3(flag), harmless=(-1,))
    attempt(f"unshare {name}", lambda flag=flag: libc.syscall(UNSHARE, flag), harmless=(-1,))
for process in (1, os.getppid(), targets.BYSTANDER):
    handle = libc.syscall(PIDFD_OPEN, process, 0)
    for flag in FLAGS.values():
        attempt("setns by a process", lambda h=handle, f=flag: libc.syscall(SETNS, h, f), harmless=(-1,))
    for name in ("mnt", "net", "pid", "user"):
        attempt("setns by a file", lambda n=name, p=process: libc.syscall(SETNS, os.open(f"/proc/{p}/ns/{n}", os.O_RDONLY), 0),
                harmless=(-1,))
