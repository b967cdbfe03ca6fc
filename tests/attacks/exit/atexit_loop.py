# expect: completed timed-out
# limits: wall=2
# What is registered for the end of the process does not hold the grader.
import atexit
import time

atexit.register(time.sleep, 60)
