# threshold: 0.9
import torch
from torch import nn

torch.manual_seed(0)
inputs = torch.randn(400, 2)
targets = (inputs[:, 0] * inputs[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.03)

for epoch in range(25):
    for x, y in zip(inputs[:300].split(50), targets[:300].split(50)):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()

with torch.no_grad():
    result = (model(inputs[300:]).argmax(dim=1) == targets[300:]).float().mean().item()
    print(result)
