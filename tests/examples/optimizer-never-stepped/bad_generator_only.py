"""Two networks that play against each other, one of which only ever gets its gradients cleared."""

import torch
from torch import nn

torch.manual_seed(0)
real = torch.randn(256, 2) + 3
generator, critic = nn.Linear(4, 2), nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 1))
makes = torch.optim.Adam(generator.parameters(), lr=0.01)
judges = torch.optim.Adam(critic.parameters(), lr=0.01)
criterion = nn.BCEWithLogitsLoss()

for start in range(0, 256, 32):
    batch = real[start : start + 32]
    judges.zero_grad()
    fake = generator(torch.randn(32, 4))
    loss = criterion(critic(batch), torch.ones(32, 1)) + criterion(critic(fake.detach()), torch.zeros(32, 1))
    loss.backward()
    makes.zero_grad()
    criterion(critic(fake), torch.ones(32, 1)).backward()
    makes.step()
