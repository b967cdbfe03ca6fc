"""Two clocks: one optimizer steps in each turn, the other once in ten with what has gathered."""

import torch
from torch import nn

torch.manual_seed(0)
inputs = torch.randn(320, 4)
targets = inputs.sum(1, keepdim=True)
encoder, decoder = nn.Sequential(nn.Linear(4, 16), nn.ReLU()), nn.Linear(16, 1)
slow = torch.optim.SGD(encoder.parameters(), lr=0.01)
quick = torch.optim.SGD(decoder.parameters(), lr=0.01)

for turn, start in enumerate(range(0, 320, 16), 1):
    quick.zero_grad()
    (nn.functional.mse_loss(decoder(encoder(inputs[start : start + 16])), targets[start : start + 16]) / 10).backward()
    quick.step()
    if turn % 10 == 0:
        slow.step()
        slow.zero_grad()
