# expect: completed
# /proc shows the run's own processes; no environment holds a variable of the grader's.
import os
import targets
from helping import reached

try:
    names = os.listdir("/proc")
except OSError:
    names = ["self", str(targets.GRADER_PID), str(os.getppid()), "1"]
for name in names:
    if name.isdigit() or name == "self":
        try:
            content = open(f"/proc/{name}/environ", "rb").read()
        except OSError:
            continue
        if targets.MARK.encode() in content:
            reached("environment of " + name)
if targets.MARK in str(dict(os.environ)):
    reached("own environment")
