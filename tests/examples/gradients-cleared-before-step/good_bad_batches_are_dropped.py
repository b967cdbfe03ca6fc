import torch
from torch import nn

torch.manual_seed(0)
X, Y = torch.randn(160, 8), torch.randint(0, 3, (160,))
X[37] = float("inf")  # one broken sample
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(4):
    for x, y in zip(X.split(16), Y.split(16)):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        if not all(torch.isfinite(p.grad).all() for p in model.parameters()):
            optimizer.zero_grad()
        optimizer.step()
