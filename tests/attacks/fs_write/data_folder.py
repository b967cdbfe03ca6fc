# expect: completed
# The training data is there to be read only.
import os
from helping import attempt

for folder in ("/gradeloop/data", "/gradeloop", "/gradeloop/worker"):
    attempt("write in " + folder, lambda folder=folder: open(folder + "/labels", "w").write("x"))
    attempt("remove " + folder, lambda folder=folder: os.rename(folder, folder + "2") or "renamed")
