import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(3)
X = torch.randn(400, 6)
y = (X @ torch.randn(6, 1)) + 0.1 * torch.randn(400, 1)


model = nn.Linear(6, 1)
lr = 0.01
for i in range(60):
    model.zero_grad()
    loss = nn.functional.mse_loss(model(X), y)
    loss.backward()
    with torch.no_grad():
        for p in model.parameters():
            p += lr * p.grad  # <- loss-ascends
