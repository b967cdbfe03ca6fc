# expect: timed-out killed
# limits: wall=12 cpu=2
# Children burn the processor while their parent sleeps: the tree's time counts.
import os
import time

for _ in range(2):
    if os.fork() == 0:
        while True:
            pass
time.sleep(60)
