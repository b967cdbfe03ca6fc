import torch
from torch import nn

torch.manual_seed(0)
X, Y = torch.randn(64, 8), torch.randint(0, 3, (64,))
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(4):
    for x, y in zip(X.split(16), Y.split(16)):  # sharpness-aware: climb, look, come back, step
        nn.functional.cross_entropy(model(x), y).backward()
        with torch.no_grad():
            climbs = [0.05 * p.grad / (p.grad.norm() + 1e-12) for p in model.parameters()]
            for p, climb in zip(model.parameters(), climbs):
                p.add_(climb)
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        with torch.no_grad():
            for p, climb in zip(model.parameters(), climbs):
                p.sub_(climb)
        optimizer.step()
        optimizer.zero_grad()
