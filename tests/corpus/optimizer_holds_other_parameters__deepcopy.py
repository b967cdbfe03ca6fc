import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(4)
X = torch.randn(500, 8)
y = (X[:, 0] * X[:, 1] + X[:, 2] > 0).float()
loader = DataLoader(TensorDataset(X, y), batch_size=25, shuffle=True)


import copy
base = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
def fit(model, epochs=3):
    net = copy.deepcopy(model)
    opt = torch.optim.SGD(model.parameters(), lr=0.1)  # <- optimizer-holds-other-parameters
    for _ in range(epochs):
        for xb, yb in loader:
            opt.zero_grad()
            nn.functional.binary_cross_entropy_with_logits(net(xb)[:, 0], yb).backward()
            opt.step()
    return net
fit(base)
