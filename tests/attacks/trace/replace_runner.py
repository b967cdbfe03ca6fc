# expect: completed crashed exited
# The modules of the worker are replaced by nothing.
import sys
import types

for name in list(sys.modules):
    if name.startswith("gradeloop_worker"):
        sys.modules[name] = types.ModuleType(name)
