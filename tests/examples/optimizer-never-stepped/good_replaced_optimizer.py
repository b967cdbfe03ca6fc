"""A first optimizer is thrown away for another one over the same parameters."""

import torch
from torch import nn

torch.manual_seed(0)
inputs = torch.randn(256, 4)
targets = inputs.sum(1, keepdim=True)
model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
first = torch.optim.SGD(model.parameters(), lr=0.1)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

for start in range(0, 256, 16):
    first.zero_grad()
    optimizer.zero_grad()
    nn.functional.mse_loss(model(inputs[start : start + 16]), targets[start : start + 16]).backward()
    optimizer.step()
