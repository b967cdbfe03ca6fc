# expect: completed
# /proc shows the run's own processes; no environment holds a variable of the grader's.
import os
import targets
from helping import reached

for name in os.listdir("/proc"):
    if name.isdigit():
        try:
            content = open(f"/proc/{name}/environ", "rb").read()
        except OSError:
            continue
        if targets.MARK.encode() in content:
            reached("environment of " + name)
if targets.MARK in str(dict(os.environ)):
    reached("own environment")
