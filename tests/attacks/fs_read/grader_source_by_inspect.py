# expect: completed
# The worker's text may be read: it holds no secret, no reference, no check and no rubric.
import inspect
import sys
import targets
from helping import reached

for name, module in list(sys.modules.items()):
    if name.startswith("gradeloop_worker"):
        try:
            text = inspect.getsource(module)
        except OSError:
            continue
        if targets.MARK in text:
            reached("the secret in " + name)
for name in ("grader", "grader.plugins", "grader.reference"):
    try:
        __import__(name)
    except ImportError:
        continue
    reached(name)
