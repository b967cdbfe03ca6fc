# expect: completed
# The interpreter, its packages and the worker are there to be read only.
import os
import sys
import torch
from helping import attempt

places = [os.path.dirname(torch.__file__), sys.prefix, os.path.dirname(os.__file__), "/usr/lib", "/etc", "/",
          os.path.dirname(sys.modules["gradeloop_worker"].__file__)]
for folder in places:
    attempt("write in " + folder, lambda folder=folder: open(folder + "/planted.py", "w").write("x"))
attempt("torch itself", lambda: open(torch.__file__, "a").write(""))
