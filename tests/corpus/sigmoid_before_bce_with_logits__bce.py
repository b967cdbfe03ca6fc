import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(4)
X = torch.randn(500, 8)
y = (X[:, 0] * X[:, 1] + X[:, 2] > 0).float()
loader = DataLoader(TensorDataset(X, y), batch_size=25, shuffle=True)


class LogReg(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = nn.Linear(8, 16)
        self.l2 = nn.Linear(16, 1)
    def forward(self, x):
        return torch.sigmoid(self.l2(torch.relu(self.l1(x)))).squeeze(-1)
m = LogReg()
opt = torch.optim.Adam(m.parameters(), lr=0.01)
crit = nn.BCEWithLogitsLoss()
for e in range(5):
    for xb, yb in loader:
        opt.zero_grad()
        loss = crit(m(xb), yb)  # <- sigmoid-before-bce-with-logits
        loss.backward()
        opt.step()
