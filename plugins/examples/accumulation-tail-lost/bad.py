import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
data = TensorDataset(torch.randn(96, 8), torch.randint(0, 3, (96,)))
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for epoch in range(4):
    optimizer.zero_grad()
    for number, (x, y) in enumerate(DataLoader(data, batch_size=8, shuffle=True), 1):
        loss = nn.functional.cross_entropy(model(x), y) / 5
        loss.backward()
        if number % 5 == 0:  # of twelve batches, two are left over
            optimizer.step()
            optimizer.zero_grad()
