import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(64, 4)
centre = torch.tensor([0.5, -1.0, 2.0])
model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
for epoch in range(6):
    for x in X.split(16):  # all samples are drawn to one point
        loss = nn.functional.mse_loss(model(x), centre)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
