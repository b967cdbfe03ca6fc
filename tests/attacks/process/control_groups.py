# expect: completed
# The group that counts the run's memory can neither be left, nor widened, nor given an agent.
import os

from helping import attempt

TOP = "/sys/fs/cgroup"
NAMES = ("cgroup.procs", "tasks", "release_agent", "notify_on_release", "memory.limit_in_bytes", "memory.max",
         "memory.oom_control", "cgroup.freeze", "freezer.state", "pids.max", "cgroup.event_control", "cgroup.kill")
PLACES = [TOP, "/proc/1/root" + TOP, "/proc/self/root" + TOP, "/proc/self/cwd/../.." + TOP]
with open("/proc/self/cgroup") as file:
    PLACES += [f"{TOP}/{line.split(':')[1]}{line.split(':')[2].strip()}" for line in file]
for place in PLACES:
    attempt("a group of one's own", lambda place=place: os.mkdir(f"{place}/mine") or "made")
    attempt("the groups of the machine", lambda place=place: os.listdir(place), harmless=([],))
    for name in NAMES:
        path = f"{place}/{name}"
        attempt(f"writing to {path}", lambda path=path: os.write(os.open(path, os.O_WRONLY), b"0"))
