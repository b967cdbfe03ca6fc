# expect: completed crashed timed-out
# Files without end: their number is limited, or the time is; the machine keeps its own.
import os
from helping import reached

os.mkdir("many")
made = 0
try:
    for made in range(400_000):
        os.close(os.open(f"many/{made}", os.O_CREAT | os.O_WRONLY))
except OSError:
    pass
else:
    reached("files without end", made)
