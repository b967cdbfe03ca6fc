"""A part that is frozen has an optimizer, which waits for a phase that does not come."""

import torch
from torch import nn

torch.manual_seed(0)
inputs = torch.randn(256, 4)
targets = inputs.sum(1, keepdim=True)
body, head = nn.Sequential(nn.Linear(4, 16), nn.ReLU()), nn.Linear(16, 1)
later = torch.optim.Adam(body.parameters(), lr=0.001)
now = torch.optim.Adam(head.parameters(), lr=0.01)
for parameter in body.parameters():
    parameter.requires_grad_(False)

for start in range(0, 256, 16):
    now.zero_grad()
    nn.functional.mse_loss(head(body(inputs[start : start + 16])), targets[start : start + 16]).backward()
    now.step()
