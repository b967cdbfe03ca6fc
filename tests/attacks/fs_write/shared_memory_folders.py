# expect: completed killed
# limits: disk=100
# Files in folders of shared memory count as those beside them do.
import os
import time

from helping import reached

BLOCK, written = bytes(1 << 20), 0
try:
    os.makedirs("/dev/shm/a/b", exist_ok=True)
    for number in range(200):
        with open(f"/dev/shm/a/b/{number}", "wb") as file:
            written += file.write(BLOCK)
    time.sleep(3)
    reached("more than the limit in folders of shared memory", written)
except OSError:
    pass
