import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(8, 3)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

kept = []
for step in range(10_000):
    x, y = torch.randn(400_000, 8), torch.randint(0, 3, (400_000,))
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    kept.append((x, loss))  # every batch stays in memory
