import torch
from torch import nn

torch.manual_seed(0)
inputs = torch.randn(64, 4)
targets = inputs.sum(dim=1, keepdim=True)
model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
criterion = nn.MSELoss()

for epoch in range(5):
    outputs = model(inputs)
    loss = criterion(targets, targets)  # outputs is not in it
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
