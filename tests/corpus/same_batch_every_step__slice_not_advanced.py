import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(3)
X = torch.randn(400, 6)
y = (X @ torch.randn(6, 1)) + 0.1 * torch.randn(400, 1)


model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 1))
opt = torch.optim.Adam(model.parameters(), lr=0.01)
bs = 20
for e in range(5):
    i = 0
    while i < len(X):
        xb, yb = X[0:bs], y[0:bs]
        opt.zero_grad()
        nn.functional.mse_loss(model(xb), yb).backward()  # <- same-batch-every-step
        opt.step()
        i += bs
