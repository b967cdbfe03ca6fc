import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
data = TensorDataset(torch.randn(96, 8), torch.randint(0, 3, (96,)))
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for epoch in range(4):
    for x, y in DataLoader(data, batch_size=40, shuffle=True, drop_last=True):  # whole groups only
        for part, target in zip(x.split(8), y.split(8)):
            (nn.functional.cross_entropy(model(part), target) / 5).backward()
        optimizer.step()
        optimizer.zero_grad()
