import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(1)
X = torch.randn(640, 16)
Y = (X @ torch.randn(16, 5)).argmax(dim=1)
train_set, test_set = random_split(TensorDataset(X, Y), [512, 128])
train_loader = DataLoader(train_set, batch_size=32, shuffle=True)
test_loader = DataLoader(test_set, batch_size=64)

W1 = (torch.randn(16, 32) / 4).requires_grad_()
b1 = torch.zeros(32, requires_grad=True)
W2 = (torch.randn(32, 5) / 6).requires_grad_()
params = [W1, b1, W2]
for epoch in range(3):
    for x, t in train_loader:
        loss = F.cross_entropy(torch.relu(x @ W1 + b1) @ W2, t)
        loss.backward()  # <- gradients-not-cleared
        for p in params:
            p.data -= 0.01 * p.grad
