# expect: killed timed-out completed crashed
# limits: wall=2
# Eight doublings: more would hurt a machine where nothing counts; and nothing is left of them.
import os
import time

for _ in range(8):
    try:
        os.fork()
    except OSError:
        pass
time.sleep(60)
