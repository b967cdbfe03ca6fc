import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
data = TensorDataset(torch.randn(96, 8), torch.randint(0, 3, (96,)))
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

optimizer.zero_grad()
number = 0
for epoch in range(5):  # sixty batches in all: a group may begin in one epoch and end in the next
    for x, y in DataLoader(data, batch_size=8, shuffle=True):
        number += 1
        (nn.functional.cross_entropy(model(x), y) / 5).backward()
        if number % 5 == 0:
            optimizer.step()
            optimizer.zero_grad()
