# expect: completed
# What may only be read does not become writable by another name for it.
import ctypes
import os
import sys

import targets
from helping import attempt

libc = ctypes.CDLL(None, use_errno=True)
VICTIM, OWN = os.__file__, "own.py"
with open(OWN, "w") as file:
    file.write("pass\n")
PATH = os.open(VICTIM, os.O_PATH)
READ = os.open(VICTIM, os.O_RDONLY)
for handle in (PATH, READ):
    way = f"/proc/self/fd/{handle}"
    attempt("open again for writing", lambda w=way: os.open(w, os.O_RDWR))
    attempt("truncate by a handle's path", lambda w=way: os.truncate(w, 0) or "cut")
    attempt("link of a handle", lambda w=way: os.link(w, "mine.py", follow_symlinks=True) or "linked")
attempt("truncate", lambda: os.truncate(VICTIM, 0) or "cut")
attempt("ftruncate", lambda: os.ftruncate(READ, 0) or "cut")
attempt("rename over it", lambda: os.rename(OWN, VICTIM) or "renamed")
attempt("rename it away", lambda: os.rename(VICTIM, "mine.py") or "renamed")
attempt("exchange", lambda: libc.renameat2(-100, VICTIM.encode(), -100, OWN.encode(), 2), harmless=(-1,))
attempt("delete", lambda: os.unlink(VICTIM) or "deleted")
attempt("a folder there", lambda: os.mkdir(os.path.dirname(VICTIM) + "/mine") or "made")
attempt("a pipe there", lambda: os.mkfifo(os.path.dirname(VICTIM) + "/mine") or "made")
attempt("fallocate", lambda: libc.fallocate(READ, 0, ctypes.c_long(0), ctypes.c_long(1)), harmless=(-1,))
attempt("mapped for writing", lambda: __import__("mmap").mmap(READ, 0, 1, 2).write(b"x"))
attempt("beside the targets", lambda: os.open(targets.FOLDER, os.O_TMPFILE | os.O_RDWR))
attempt("interpreter", lambda: os.open(sys.executable, os.O_RDWR))
