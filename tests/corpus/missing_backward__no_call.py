import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(4)
X = torch.randn(500, 8)
y = (X[:, 0] * X[:, 1] + X[:, 2] > 0).float()
loader = DataLoader(TensorDataset(X, y), batch_size=25, shuffle=True)


model = nn.Sequential(nn.Linear(8, 1))
opt = torch.optim.Adam(model.parameters())
for ep in range(3):
    for xb, yb in loader:
        opt.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(model(xb)[:, 0], yb)
        loss.backward
        opt.step()  # <- missing-backward
