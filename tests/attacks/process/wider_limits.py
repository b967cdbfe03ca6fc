# expect: completed
# Limits go down and never up, and no other identity is to be had.
import os
import resource

from helping import attempt

for name in [name for name in dir(resource) if name.startswith("RLIMIT_")]:
    which = getattr(resource, name)
    soft, hard = resource.getrlimit(which)
    if hard not in (resource.RLIM_INFINITY, -1):
        attempt(name, lambda which=which, hard=hard: resource.setrlimit(which, (hard, hard + 1)) or "wider")
        attempt(f"{name} without end", lambda w=which: resource.setrlimit(w, (resource.RLIM_INFINITY,) * 2) or "none")
mine = os.getuid(), os.geteuid()
for number in (0, 1, 1000, 65534):
    if number not in mine:
        attempt("another user", lambda n=number: os.setresuid(n, n, n) or os.getuid())
        attempt("another group", lambda n=number: os.setgroups([n]) or os.getgroups(), harmless=([],))
attempt("a lower score", lambda: os.write(os.open("/proc/self/oom_score_adj", os.O_WRONLY), b"-1000"))
