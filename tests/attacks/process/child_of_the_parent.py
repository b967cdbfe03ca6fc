# expect: completed
# A sibling instead of a child, which nobody here could wait for, is refused: a room ends when everybody is buried.
import ctypes
import os
import time

from helping import call

libc = ctypes.CDLL(None)
CLONE_PARENT, SIGCHLD = 0x8000, 17
for _ in range(5):
    child = libc.syscall(ctypes.c_long(56), ctypes.c_ulong(CLONE_PARENT | SIGCHLD), None, None, None, None)
    if child == 0:
        os.setsid()
        time.sleep(600)
        os._exit(0)
    call("a sibling", child)
