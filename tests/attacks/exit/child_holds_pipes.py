# expect: completed
# A child that keeps every pipe open does not hold up the end.
import os
import time

if os.fork() == 0:
    os.setsid()
    time.sleep(600)
    os._exit(0)
