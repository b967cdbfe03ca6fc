# expect: crashed completed
# Descriptors run out inside, and nowhere else.
import os
from helping import reached

opened = []
try:
    for _ in range(100_000):
        opened.append(os.open("/dev/null", os.O_RDONLY))
except OSError:
    pass
else:
    reached("a hundred thousand descriptors")
