import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(8, 3)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

kept = []
for step in range(20):
    x, y = torch.randn(1000, 8), torch.randint(0, 3, (1000,))
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    kept.append(loss.item())  # one number
