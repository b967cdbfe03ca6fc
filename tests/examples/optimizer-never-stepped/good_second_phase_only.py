"""Head first, then everything: the second optimizer is made at the beginning and steps at the end."""

import torch
from torch import nn

torch.manual_seed(0)
inputs = torch.randn(256, 4)
targets = inputs.sum(1, keepdim=True)
body, head = nn.Sequential(nn.Linear(4, 16), nn.ReLU()), nn.Linear(16, 1)
of_head = torch.optim.Adam(head.parameters(), lr=0.01)
of_all = torch.optim.Adam([*body.parameters(), *head.parameters()], lr=0.001)

for epoch, optimizer in enumerate([of_head, of_head, of_all]):
    for start in range(0, 256, 16):
        of_all.zero_grad()
        nn.functional.mse_loss(head(body(inputs[start : start + 16])), targets[start : start + 16]).backward()
        optimizer.step()
