import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

torch.manual_seed(0)
X, Y = torch.randn(64, 8), torch.randint(0, 3, (64,))
body = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU())
head = nn.Linear(64, 3)
optimizer = torch.optim.SGD([*body.parameters(), *head.parameters()], lr=0.1)
for epoch in range(4):
    for x, y in zip(X.split(16), Y.split(16)):  # the body runs twice, and its values are not kept
        optimizer.zero_grad()
        hidden = checkpoint(body, x, use_reentrant=False)
        nn.functional.cross_entropy(head(hidden), y).backward()
        optimizer.step()
