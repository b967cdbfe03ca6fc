import torch
from torch import nn

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randint(0, 3, (64,))
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
critic = nn.Linear(3, 1)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
optimizer_of_critic = torch.optim.Adam(critic.parameters(), lr=0.01)
for step in range(24):
    output = model(inputs)
    if step % 3 == 2:
        optimizer_of_critic.zero_grad()
        (critic(output.detach()) - targets[:, None].float()).square().mean().backward()
    else:
        optimizer.zero_grad()
        nn.functional.cross_entropy(output, targets).backward()
    optimizer.step()
    optimizer_of_critic.step()
    optimizer.zero_grad()
    optimizer_of_critic.zero_grad()
