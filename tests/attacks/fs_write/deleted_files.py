# expect: killed crashed completed
# limits: disk=64
# Files that are open and deleted have no name, and still take room.
import os
import time
from helping import reached

kept = []
try:
    for number in range(3):
        kept.append(open(f"{os.environ['TMPDIR']}/gone{number}", "wb"))
        os.unlink(f"{os.environ['TMPDIR']}/gone{number}")
        for _ in range(8):
            kept[-1].write(bytes(8 << 20))
        time.sleep(1)
    time.sleep(5)
except OSError:
    pass
else:
    reached("deleted files of 192 MB where 64 are allowed")
