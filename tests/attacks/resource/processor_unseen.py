# expect: timed-out
# limits: wall=25 cpu=3
# Time of children that nobody waits for counts too.
import os
import signal
import time

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for _ in range(12):
    child = os.fork()
    if child == 0:
        while time.process_time() < 1:
            pass
        os._exit(0)
    while os.path.exists(f"/proc/{child}"):
        time.sleep(0.01)
print("REACHED more of the processor than is allowed")
