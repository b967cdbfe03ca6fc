# expect: killed
# limits: disk=64
# Files without a name are in no process's size, be they of memory or not.
import os
import time
from helping import reached


def nameless():
    try:
        return os.memfd_create("kept")
    except OSError:
        return os.open(".", os.O_TMPFILE | os.O_RDWR)


for number in range(3):
    handle = nameless()
    for _ in range(8):
        os.write(handle, bytes(8 << 20))
time.sleep(5)
reached("nameless files of 192 MB where 64 are allowed")
