import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
data = TensorDataset(torch.randn(96, 8), torch.randint(0, 3, (96,)))
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

waiting = 0
for epoch, group in enumerate((1, 1, 2, 4)):  # the batch grows as the training goes on
    for x, y in DataLoader(data, batch_size=8, shuffle=True):
        (nn.functional.cross_entropy(model(x), y) / group).backward()
        waiting += 1
        if waiting == group:
            optimizer.step()
            optimizer.zero_grad()
            waiting = 0
