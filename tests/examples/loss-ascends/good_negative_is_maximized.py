import torch
from torch import nn

torch.manual_seed(0)
inputs = torch.randn(64, 4)
targets = inputs.sum(dim=1, keepdim=True)
model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.005, maximize=True)

for epoch in range(5):
    for x, y in zip(inputs.split(16), targets.split(16)):
        optimizer.zero_grad()
        loss = -nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
