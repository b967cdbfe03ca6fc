# expect: completed
# Neither a better priority nor a real-time class is to be had.
import os
from helping import attempt

attempt("nice", lambda: os.nice(-5))
attempt("real time", lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50)) or "real time")
attempt("limits of another", lambda: __import__("resource").prlimit(os.getppid() or 1, 7, (1, 1)))
