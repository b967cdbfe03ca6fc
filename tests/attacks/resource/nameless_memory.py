# expect: killed
# limits: disk=64
# Memory files that nobody maps are in no process's size.
import os
import time
from helping import reached

for number in range(3):
    handle = os.memfd_create("kept")
    for _ in range(8):
        os.write(handle, bytes(8 << 20))
time.sleep(5)
reached("nameless memory of 192 MB where 64 are allowed")
