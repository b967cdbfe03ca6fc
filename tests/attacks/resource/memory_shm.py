# expect: out-of-memory crashed killed completed
# limits: memory=600
# Shared memory is bounded: an error, a bus error or the limit, never the machine's memory.
import mmap
from helping import reached

kept = []
try:
    for number in range(24):
        with open(f"/dev/shm/part{number}", "w+b") as file:
            file.truncate(64 << 20)
            part = mmap.mmap(file.fileno(), 64 << 20)
            part.write(b"x" * (64 << 20))
            kept.append(part)
except OSError:
    pass
else:
    reached("1.5 GB of shared memory")
