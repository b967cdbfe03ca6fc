import copy

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
inputs = torch.randn(120, 4)
loader = DataLoader(TensorDataset(inputs, inputs.sum(1, keepdim=True)), batch_size=10, shuffle=False)
model = nn.Linear(4, 1)
criterion = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

# a learning-rate finder: one batch for each rate, then everything is put back
start = copy.deepcopy(model.state_dict())
for rate in (0.001, 0.003, 0.01, 0.03):
    for group in optimizer.param_groups:
        group["lr"] = rate
    x, y = next(iter(loader))
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    print(rate, loss.item())
model.load_state_dict(start)
for group in optimizer.param_groups:
    group["lr"] = 0.01

for epoch in range(3):
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
