import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(3)
X = torch.randn(400, 6)
y = (X @ torch.randn(6, 1)) + 0.1 * torch.randn(400, 1)


import numpy as np
rng = np.random.default_rng(0)
model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 1))
opt = torch.optim.SGD(model.parameters(), lr=0.05)
def main():
    for e in range(10):
        perm = rng.permutation(len(X))
        for k in range(0, len(X), 40):
            xb = X[perm[k:k+40]]
            yb = y[rng.permutation(len(X))[k:k+40]]
            opt.zero_grad()
            nn.functional.mse_loss(model(xb), yb).backward()  # <- labels-misaligned
            opt.step()
main()
