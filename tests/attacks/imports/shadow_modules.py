# expect: completed
# files: torch.py json.py numpy/__init__.py sitecustomize.py usercustomize.py
# What lies beside the submission shadows nothing that is installed.
import json
import torch
from helping import reached

for module in (json, torch):
    if getattr(module, "SHADOW", False):
        reached("a shadow of " + module.__name__)
