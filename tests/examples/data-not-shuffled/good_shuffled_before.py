import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
targets = torch.arange(3).repeat_interleave(40)  # as in a folder for each class
data = TensorDataset(torch.randn(120, 8) + targets[:, None], targets)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for epoch in range(4):
    order = torch.randperm(len(data)).tolist()
    for x, y in DataLoader(torch.utils.data.Subset(data, order), batch_size=8):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
