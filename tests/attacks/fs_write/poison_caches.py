# expect: completed
# Caches are the run's own: what is planted there is not there for the next run.
import os
from helping import reached

names = ("TORCH_HOME", "XDG_CACHE_HOME", "TORCHINDUCTOR_CACHE_DIR", "MPLCONFIGDIR", "HOME", "TMPDIR")
marks = {os.path.join(os.environ[name], "poison") for name in names if name in os.environ}
for mark in marks:
    if os.path.exists(mark):
        reached("poison of an earlier run", mark)
for mark in marks:
    os.makedirs(os.path.dirname(mark), exist_ok=True)
    open(mark, "w").write("x")
