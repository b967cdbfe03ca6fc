import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(3)
X = torch.randn(400, 6)
y = (X @ torch.randn(6, 1)) + 0.1 * torch.randn(400, 1)


import numpy as np
net = nn.Linear(6, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.05)
for i in range(10):
    opt.zero_grad()
    pred = net(X).detach().numpy()
    loss = np.mean((pred - y.numpy()) ** 2)
    loss.backward()  # <- graph-detached
    opt.step()
