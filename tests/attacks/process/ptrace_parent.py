# expect: completed
# Nobody can be traced, and no other memory read.
import ctypes
import os
import targets
from helping import call

libc = ctypes.CDLL(None, use_errno=True)
PTRACE_ATTACH, PTRACE_SEIZE = 16, 0x4206
for process in {os.getppid(), 1, targets.GRADER_PID, targets.BYSTANDER} - {0, os.getpid()}:
    call(f"ptrace attach {process}", libc.ptrace(PTRACE_ATTACH, process, 0, 0))
    call(f"ptrace seize {process}", libc.ptrace(PTRACE_SEIZE, process, 0, 0))
    try:
        open(f"/proc/{process}/mem", "rb").close()
    except OSError:
        continue
    call(f"memory of {process}", 0)
