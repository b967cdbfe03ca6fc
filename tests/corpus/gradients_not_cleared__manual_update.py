import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(3)
X = torch.randn(400, 6)
y = (X @ torch.randn(6, 1)) + 0.1 * torch.randn(400, 1)


w = torch.randn(6, 1, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
lr = 0.01
for epoch in range(100):
    pred = X @ w + b
    loss = ((pred - y) ** 2).mean()
    loss.backward()  # <- gradients-not-cleared
    with torch.no_grad():
        w -= lr * w.grad
        b -= lr * b.grad
