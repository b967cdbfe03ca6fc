import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(4)
X = torch.randn(500, 8)
y = (X[:, 0] * X[:, 1] + X[:, 2] > 0).float()
loader = DataLoader(TensorDataset(X, y), batch_size=25, shuffle=True)


net = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
lossf = nn.BCEWithLogitsLoss()
it = iter(loader)
step = 0
while step < 120:
    try:
        xb, yb = next(it)
    except StopIteration:
        it = iter(loader)
        xb, yb = next(it)
    out = net(xb).squeeze(1)
    l = lossf(out, yb)
    l.backward()  # <- gradients-not-cleared
    torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
    opt.step()
    step += 1
