import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for episode in range(12):
    length = int(torch.randint(2, 9, (1,)))
    optimizer.zero_grad()
    for moment in range(length):
        state = torch.randn(1, 4)
        action = (state.sum() > 0).long().reshape(1)
        (nn.functional.cross_entropy(model(state), action) / length).backward()
    optimizer.step()
