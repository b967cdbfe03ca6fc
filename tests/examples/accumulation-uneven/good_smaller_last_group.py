import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
data = TensorDataset(torch.randn(96, 8), torch.randint(0, 3, (96,)))
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

loader = DataLoader(data, batch_size=8, shuffle=True)
for epoch in range(4):
    for number, (x, y) in enumerate(loader, 1):
        size = 5 if number <= 10 else 2  # what is left of twelve after two fives
        (nn.functional.cross_entropy(model(x), y) / size).backward()
        if number % 5 == 0 or number == len(loader):
            optimizer.step()
            optimizer.zero_grad()
