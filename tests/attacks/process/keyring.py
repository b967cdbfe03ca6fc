# expect: completed
# The kernel's keys would outlive the run: no call reaches them.
import ctypes
from helping import call

libc = ctypes.CDLL(None, use_errno=True)
call("add_key", libc.syscall(248, b"user", b"mark", b"x", 1, -4))
call("keyctl", libc.syscall(250, 0, -4, 0))
call("request_key", libc.syscall(249, b"user", b"mark", None, -4))
