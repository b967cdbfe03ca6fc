# expect: completed
# Children that were left running die with the run, and do not delay its end.
import multiprocessing
import time
from torch.utils.data import DataLoader

context = multiprocessing.get_context("fork")
children = [context.Process(target=time.sleep, args=(600,), daemon=False) for _ in range(3)]
for child in children:
    child.start()
multiprocessing.process._children.clear()
loader = iter(DataLoader(list(range(100)), num_workers=1, persistent_workers=True))
next(loader)
