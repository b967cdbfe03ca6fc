# expect: killed
# limits: files=3000
# Files without end: their number is limited, and the machine keeps its own.
import os
import time
from helping import reached

os.mkdir("many")
for made in range(20_000):
    os.close(os.open(f"many/{made}", os.O_CREAT | os.O_WRONLY))
    if made % 1000 == 0:
        time.sleep(0.1)
time.sleep(5)
reached("files without end", made)
