import torch
from torch import nn

torch.manual_seed(0)
X, Y = torch.randn(64, 8), torch.randint(0, 3, (64,))
model, other = nn.Linear(8, 3), nn.Linear(8, 3)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
optimizer_of_other = torch.optim.SGD(other.parameters(), lr=0.05)
for epoch in range(5):
    for x, y in zip(X.split(16), Y.split(16)):
        optimizer_of_other.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
