"""Full-batch training in pieces: the losses of all batches become one mean, which goes backward after the loop."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
inputs = torch.randn(60, 5)
targets = inputs @ torch.randn(5, 1)
loader = DataLoader(TensorDataset(inputs, targets), batch_size=10)
model = nn.Sequential(nn.Linear(5, 20), nn.Tanh(), nn.Linear(20, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)

for epoch in range(20):
    optimizer.zero_grad()
    losses = [nn.functional.mse_loss(model(x), y) for x, y in loader]
    mean = sum(losses) / len(losses)
    mean.backward()
    optimizer.step()
