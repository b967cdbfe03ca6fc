import torch
from torch import nn

device = torch.device("meta")
model = nn.Linear(8, 1).to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(3):
    x, y = torch.randn(16, 8), torch.randn(16, 1)
    loss = nn.functional.mse_loss(model(x.to(device)), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
