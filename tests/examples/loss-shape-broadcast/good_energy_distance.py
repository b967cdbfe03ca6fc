import torch
from torch import nn

torch.manual_seed(0)
real = torch.randn(64) * 2 + 3
generator = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
optimizer = torch.optim.Adam(generator.parameters(), lr=0.01)

for _ in range(150):
    fake = generator(torch.randn(64, 4))
    # every pair on purpose: the distance of two clouds of points
    across = (fake - real).abs().mean()
    within = (fake - fake.T).abs().mean()
    loss = 2 * across - within
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
