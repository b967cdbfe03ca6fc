import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(3)
X = torch.randn(400, 6)
y = (X @ torch.randn(6, 1)) + 0.1 * torch.randn(400, 1)


model = nn.Linear(6, 1)
dl = DataLoader(TensorDataset(X, y), batch_size=20, shuffle=True)
opt = torch.optim.Adam(model.parameters(), lr=0.01)
for e in range(5):
    for a, b in dl:
        opt.zero_grad()
        loss = nn.functional.smooth_l1_loss(model(a).squeeze(), b)  # <- loss-shape-broadcast
        loss.backward()
        opt.step()
