# expect: completed
# The folders beside and above the working folder hold nobody else's work.
import os
import targets
from helping import attempt, reached

attempt("another submission", lambda: open(targets.NEIGHBOUR).read())
folder = os.getcwd()
while folder != "/":
    folder = os.path.dirname(folder)
    try:
        names = os.listdir(folder)
    except OSError:
        continue
    for name in names:
        if os.path.basename(targets.NEIGHBOUR_FOLDER) == name:
            reached(folder + "/" + name)
