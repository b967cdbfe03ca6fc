import torch
from torch import nn

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randint(0, 3, (64,))
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

parameters = list(model.parameters())
for epoch in range(6):
    optimizer.zero_grad()
    for half in (inputs[:32], targets[:32]), (inputs[32:], targets[32:]):
        for x, y in zip(half[0].split(8), half[1].split(8)):
            (nn.functional.cross_entropy(model(x), y) / 4).backward()
            nn.utils.clip_grad_value_(parameters, 0.01)
        optimizer.step()
        optimizer.zero_grad()
