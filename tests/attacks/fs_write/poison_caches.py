# expect: completed
# Caches are the run's own: what is planted there is not there for the next run.
import os
from helping import reached

for name in ("TORCH_HOME", "XDG_CACHE_HOME", "TORCHINDUCTOR_CACHE_DIR", "MPLCONFIGDIR", "HOME", "TMPDIR"):
    folder = os.environ.get(name)
    if folder:
        os.makedirs(folder, exist_ok=True)
        mark = os.path.join(folder, "poison")
        if os.path.exists(mark):
            reached("poison of an earlier run", mark)
        open(mark, "w").write("x")
