# expect: completed
# A link to a file outside is a link to nothing.
import os
import targets
from helping import attempt

for number, path in enumerate([targets.SECRET, "/etc/shadow", targets.FOLDER]):
    os.symlink(path, f"link{number}")
    attempt("read through a link", lambda number=number: open(f"link{number}").read())
    attempt("write through a link", lambda number=number: open(f"link{number}", "w").write("x"))
    attempt("list through a link", lambda number=number: os.listdir(f"link{number}"))
