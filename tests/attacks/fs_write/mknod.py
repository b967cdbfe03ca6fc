# expect: completed
# No device can be made.
import os
import stat
from helping import attempt

for kind, name in ((stat.S_IFBLK, "disk"), (stat.S_IFCHR, "memory")):
    attempt("mknod " + name, lambda kind=kind, name=name: os.mknod(name, kind | 0o666, os.makedev(1, 1)) or "made")
