import torch
from torch import nn

torch.manual_seed(0)
rnn, head = nn.GRU(4, 8, batch_first=True), nn.Linear(8, 1)
optimizer = torch.optim.Adam([*rnn.parameters(), *head.parameters()], lr=0.01)
series = torch.sin(torch.linspace(0, 20, 161)).unfold(0, 4, 1)
state = torch.zeros(1, 1, 8)
for start in range(0, 140, 10):
    x, y = series[None, start : start + 10], series[None, start + 1 : start + 11, -1:]
    optimizer.zero_grad()
    outputs, state = rnn(x, state.detach())
    nn.functional.mse_loss(head(outputs), y).backward()
    optimizer.step()
