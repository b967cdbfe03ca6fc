# expect: completed killed exited
# Every process that may be signalled is: only the run's own are.
import os
import signal

signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.getpid() != 1:
    try:
        os.kill(-1, 0)  # who may be reached is asked, nobody is harmed
    except OSError:
        pass
import targets
from helping import attempt

for process in (targets.GRADER_PID, targets.BYSTANDER):
    if process != os.getpid():
        attempt(f"signal to {process}", lambda process=process: os.kill(process, 0) or "signalled")
