import torch
from torch import nn

torch.manual_seed(0)
pixels, targets = torch.randint(0, 256, (64, 8)).float(), torch.randint(0, 3, (64,))
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

for epoch in range(10):
    for x, y in zip((pixels / 255).split(16), targets.split(16)):  # values up to 1
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
