# expect: timed-out killed
# limits: wall=20 cpu=4
# Children burn the processor while their parent sleeps: the tree's time counts.
import os
import time

for _ in range(3):
    if os.fork() == 0:
        while True:
            pass
time.sleep(60)
