# expect: completed crashed out-of-memory timed-out killed
# Data without end: the folder is full long before the disk is.
import signal
from helping import reached

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
written = 0
block = bytes(8 << 20)
try:
    for number in range(8):
        with open(f"/tmp/fill{number}", "wb") as file:
            for _ in range(64):
                written += file.write(block)
except OSError:
    pass
else:
    reached("four gigabytes", written)
