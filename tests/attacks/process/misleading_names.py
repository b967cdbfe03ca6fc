# expect: out-of-memory killed
# limits: memory=500 wall=20
# A name that looks like the rest of a line of /proc changes no count.
import ctypes
import os
import time

libc = ctypes.CDLL(None)
for _ in range(4):
    if os.fork() == 0:
        libc.prctl(15, b") Z 1 1\n(x", 0, 0, 0)
        if os.fork() == 0:
            libc.prctl(15, b"RssAnon: 0 kB", 0, 0, 0)
            block = bytearray(b"x" * (150 << 20))
            time.sleep(60)
        time.sleep(60)
time.sleep(60)
