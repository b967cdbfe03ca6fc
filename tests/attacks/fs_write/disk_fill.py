# expect: killed completed crashed
# limits: disk=64
# Data without end: the limit comes long before the disk is full.
import os
import time
from helping import reached

block = bytes(8 << 20)
try:
    for number in range(3):
        with open(f"{os.environ['TMPDIR']}/fill{number}", "wb") as file:
            for _ in range(16):
                file.write(block)
        time.sleep(1)
    time.sleep(5)
except OSError:
    pass
else:
    reached("files of 384 MB where 64 are allowed")
