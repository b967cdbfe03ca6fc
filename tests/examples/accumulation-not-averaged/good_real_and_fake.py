# asks for: accumulation-not-averaged
import torch
from torch import nn

torch.manual_seed(0)
real = torch.randn(64, 4) + 2
D = nn.Sequential(nn.Linear(4, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
optimizer = torch.optim.Adam(D.parameters(), lr=2e-3)
bce = nn.BCEWithLogitsLoss()
for epoch in range(3):
    for x in real.split(16):
        optimizer.zero_grad()
        bce(D(x), torch.ones(16, 1)).backward()
        bce(D(torch.randn(16, 4)), torch.zeros(16, 1)).backward()  # two halves of one loss
        optimizer.step()
