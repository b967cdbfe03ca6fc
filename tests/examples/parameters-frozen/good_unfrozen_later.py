import torch
from torch import nn

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randint(0, 3, (64,))
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
for parameter in model[0].parameters():
    parameter.requires_grad_(False)
head = torch.optim.SGD(model[2].parameters(), lr=0.1)
body = torch.optim.SGD(model[0].parameters(), lr=0.1)
for epoch in range(6):
    model[0].requires_grad_(epoch >= 3)
    for x, y in zip(inputs.split(16), targets.split(16)):
        head.zero_grad()
        body.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        head.step()
        body.step()
