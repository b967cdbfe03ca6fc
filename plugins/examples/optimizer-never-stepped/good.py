import torch
from torch import nn

torch.manual_seed(0)
inputs = torch.randn(256, 4)
targets = inputs.sum(1, keepdim=True)
encoder, decoder = nn.Sequential(nn.Linear(4, 16), nn.ReLU()), nn.Linear(16, 1)
below = torch.optim.Adam(encoder.parameters(), lr=0.01)
above = torch.optim.Adam(decoder.parameters(), lr=0.01)

for start in range(0, 256, 16):
    below.zero_grad()
    above.zero_grad()
    loss = nn.functional.mse_loss(decoder(encoder(inputs[start : start + 16])), targets[start : start + 16])
    loss.backward()
    above.step()
    below.step()
