# expect: completed killed timed-out
# limits: wall=15
# Each process of two chains makes the next and ends: whoever lists them is always late, and they end with the run.
import os
import signal
import time

for _ in range(2):
    if os.fork() == 0:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        ended = time.monotonic() + 120
        while time.monotonic() < ended:
            if os.fork() > 0:
                os._exit(0)
            time.sleep(0.001)
        os._exit(0)
time.sleep(0.5)
