import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(64, 4)
model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
one = torch.tensor(1.0)
for epoch in range(6):
    for x in X.split(16):  # least squares against a single number, as some GANs do
        loss = nn.functional.mse_loss(model(x), one)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
