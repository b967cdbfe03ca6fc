# expect: output-flood completed
# A line of two hundred megabytes is cut.
import os

line = b"x" * (1 << 20)
for _ in range(200):
    os.write(2, line)
