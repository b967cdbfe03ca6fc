import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(8, 3)
print(model)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(50):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(torch.randn(16, 8)), torch.randint(0, 3, (16,)))
    loss.backward()
    optimizer.step()
    print(step, loss, [p.grad.norm().item() for p in model.parameters()])
