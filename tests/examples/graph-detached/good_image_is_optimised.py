import torch
from torch import nn

torch.manual_seed(0)
features = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU()).requires_grad_(False)
with torch.no_grad():
    wanted = features(torch.rand(1, 1, 8, 8))
image = torch.rand(1, 1, 8, 8, requires_grad=True)  # the only thing that learns
optimizer = torch.optim.Adam([image], lr=0.05)
for step in range(20):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(features(image), wanted)
    loss.backward()
    optimizer.step()
