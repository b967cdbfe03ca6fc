import copy

import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(64, 4)
Y = X.sum(1, keepdim=True)
model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
criterion = nn.MSELoss()
start = copy.deepcopy(model.state_dict())
probe = torch.optim.SGD(model.parameters(), lr=1e-4)
losses = []
for step in range(30):  # the rate grows until the loss explodes
    probe.param_groups[0]["lr"] = 1e-4 * 1.4**step
    probe.zero_grad()
    loss = criterion(model(X), Y)
    loss.backward()
    probe.step()
    losses.append(loss.item())
    if losses[-1] > 4 * min(losses):
        break
model.load_state_dict(start)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
for epoch in range(10):
    for x, y in zip(X.split(16), Y.split(16)):
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
