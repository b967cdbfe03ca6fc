# expect: completed
# The names of mounts tell no secret and no student.
import targets
from helping import reached

for path in ("/proc/self/mountinfo", "/proc/mounts", "/proc/self/cgroup", "/proc/self/cmdline"):
    try:
        text = open(path).read()
    except OSError:
        continue
    for word in (targets.MARK, targets.STUDENT):
        if word in text:
            reached(path, word)
