# expect: completed
# Nothing is open that was not opened here, but for the pipes and what was read from.
import os
import stat

from helping import attempt, reached

for name in os.listdir("/proc/self/fd"):
    try:
        found, link = os.fstat(int(name)), os.readlink(f"/proc/self/fd/{name}")
    except OSError:
        continue
    if stat.S_ISDIR(found.st_mode) and not link.startswith("/proc"):
        reached("an open folder", link)
    if stat.S_ISSOCK(found.st_mode):
        reached("an open socket", link)
    if int(name) > 5 and not stat.S_ISREG(found.st_mode) and "/proc" not in link and "anon" not in link:
        print("open", name, link)
for name in (3, 4, 5):
    # a pipe's other end is no way to whoever holds it
    attempt("a signal to the owner", lambda n=name: __import__("fcntl").fcntl(n, 8, 1) or "owner")
