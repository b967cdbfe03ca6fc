# expect: completed
# Nothing that decides a grade lies in the working folder or beside the worker.
import os
import sys
from helping import reached

known = ("submission.py", "helping.py", "targets.py")
for folder, _, names in os.walk(os.getcwd()):
    for name in names:
        if name not in known:
            reached(os.path.join(folder, name))
worker = os.path.dirname(sys.modules["gradeloop_worker"].__file__)
for folder, _, names in os.walk(os.path.dirname(worker)):
    for name in names:
        if name in ("exercise.toml", "result.json", "gradebook.csv") or "plugins" in folder:
            reached(os.path.join(folder, name))
