import torch
from torch import nn

torch.manual_seed(0)
X, Y = torch.rand(64, 8), torch.randint(0, 3, (64,))
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(4):
    for x, y in zip(X.split(16), Y.split(16)):
        attacked = x.clone().requires_grad_(True)
        nn.functional.cross_entropy(model(attacked), y).backward()
        attacked = (x + 0.05 * attacked.grad.sign()).clamp(0, 1).detach()
        optimizer.zero_grad()  # what the attack has left in the weights
        nn.functional.cross_entropy(model(attacked), y).backward()
        optimizer.step()
