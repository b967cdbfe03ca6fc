import torch
from torch import nn

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randint(0, 3, (64,))
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

second = nn.Linear(3, 3)
optimizer_of_second = torch.optim.Adam(second.parameters())
for epoch in range(5):
    for x, y in zip(inputs.split(16), targets.split(16)):
        for one in (optimizer, optimizer_of_second):
            one.zero_grad()
        nn.functional.cross_entropy(second(model(x)), y).backward()
        for module, one in ((model, optimizer), (second, optimizer_of_second)):
            nn.utils.clip_grad_norm_(module.parameters(), 1.0)
            one.step()
