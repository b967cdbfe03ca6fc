import torch
from torch import nn

torch.manual_seed(0)
X, Y = torch.randn(64, 8), torch.randint(0, 3, (64,))
body, head = nn.Sequential(nn.Linear(8, 16), nn.ReLU()), nn.Linear(16, 3)
slow = torch.optim.SGD(body.parameters(), lr=0.05)
fast = torch.optim.Adam(head.parameters(), lr=0.01)
for epoch in range(4):
    for x, y in zip(X.split(16), Y.split(16)):
        slow.zero_grad()
        fast.zero_grad()
        nn.functional.cross_entropy(head(body(x)), y).backward()
        slow.step()
        fast.step()
