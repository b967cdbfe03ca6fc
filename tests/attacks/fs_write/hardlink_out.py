# expect: completed
# A second name for a file outside cannot be made.
import os
import sys
import targets
from helping import attempt

for path in (targets.SECRET, "/etc/passwd", sys.executable):
    attempt("hard link to " + path, lambda path=path: os.link(path, "mine") or "linked")
