import torch
from torch import nn

torch.manual_seed(0)
batches = iter([(torch.randn(16, 8), torch.randint(0, 3, (16,)))])
model = nn.Linear(8, 3)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
print(len(list(batches)), "batch")  # and now there is none left
for epoch in range(5):
    for x, y in batches:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
