import torch
from torch import nn

torch.manual_seed(0)
maker, critic = nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
optimizer_of_maker = torch.optim.Adam(maker.parameters(), lr=0.01)
optimizer_of_critic = torch.optim.Adam(critic.parameters(), lr=0.01)
criterion = nn.BCEWithLogitsLoss()
for step in range(30):
    made = maker(torch.randn(32, 2))
    real = torch.randn(32, 2) + 2
    loss = criterion(critic(real), torch.ones(32, 1)) + criterion(critic(made.detach()), torch.zeros(32, 1))
    optimizer_of_critic.zero_grad()
    loss.backward()
    optimizer_of_critic.step()
    optimizer_of_maker.zero_grad()
    loss = -criterion(critic(made), torch.zeros(32, 1))
    loss.backward()
    optimizer_of_maker.step()
