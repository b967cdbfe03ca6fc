import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(64, 8)
encoder, decoder = nn.Sequential(nn.Linear(8, 4), nn.ReLU()), nn.Linear(4, 8)
optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=0.01)
for epoch in range(6):
    for x in X.split(16):
        loss = nn.functional.mse_loss(decoder(encoder(x)), x)  # the input is its own target
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
