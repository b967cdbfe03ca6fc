import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
inputs = torch.randn(128, 8)
targets = inputs[:, :3].argmax(1)

loader = DataLoader(TensorDataset(inputs, targets), batch_size=16, shuffle=True)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for epoch in range(6):
    previous = None
    for x, y in loader:
        if previous is not None:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), previous)
            loss.backward()
            optimizer.step()
        previous = y
