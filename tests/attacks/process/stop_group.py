# expect: killed timed-out completed
# limits: wall=3
# SIGSTOP to the whole group stops nobody but the run.
import os
import signal

os.killpg(0, signal.SIGSTOP)
