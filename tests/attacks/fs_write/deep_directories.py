# expect: completed crashed
# Thousands of folders inside each other: whoever cleans up must not recurse.
import os

for _ in range(2100):
    os.mkdir("d")
    os.chdir("d")
