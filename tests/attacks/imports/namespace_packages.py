# expect: completed
# A folder with a package's name adds nothing to the package.
import os

os.makedirs("torch", exist_ok=True)
open("torch/planted.py", "w").write("SHADOW = True")
try:
    import torch.planted
except ImportError:
    pass
else:
    print("REACHED torch.planted")
