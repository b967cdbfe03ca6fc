import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(4)
X = torch.randn(500, 8)
y = (X[:, 0] * X[:, 1] + X[:, 2] > 0).float()
loader = DataLoader(TensorDataset(X, y), batch_size=25, shuffle=True)


model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
opt = torch.optim.Adam(model.parameters(), lr=0.01)
crit = nn.BCEWithLogitsLoss()
def run_epoch():
    opt.zero_grad()
    for xb, yb in loader:
        loss = crit(model(xb).view(-1), yb)
        loss.backward()
    opt.step()  # <- step-outside-batch-loop
for e in range(8):
    run_epoch()
