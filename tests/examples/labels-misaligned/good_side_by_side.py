import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
inputs = torch.randn(128, 8)
targets = inputs[:, :3].argmax(1)

signs = (inputs.sum(1, keepdim=True) > 0).float()
loader_x = DataLoader(inputs, batch_size=16)
loader_y = DataLoader(signs, batch_size=16)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

# two loaders side by side, neither shuffled; and arrays in an order that is drawn once for both
for epoch in range(6):
    for x, y in zip(loader_x, loader_y):
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(model(x), y).backward()
        optimizer.step()
    order = torch.randperm(128)
    inputs, signs = inputs[order], signs[order]
    for start in range(0, 128, 16):
        optimizer.zero_grad()
        F.mse_loss(model(inputs[start : start + 16]), signs[start : start + 16]).backward()
        optimizer.step()
