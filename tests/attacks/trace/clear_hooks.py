# expect: completed
# The recorder's hooks are thrown away: a trace that is missing is no evidence, and no crash.
import torch
from torch.optim import optimizer as module

model = torch.nn.Linear(2, 1)
chosen = torch.optim.SGD(model.parameters(), lr=0.1)
for name in ("_global_optimizer_pre_hooks", "_global_optimizer_post_hooks"):
    getattr(module, name).clear()
for _ in range(3):
    chosen.zero_grad()
    model(torch.randn(4, 2)).pow(2).mean().backward()
    chosen.step()
