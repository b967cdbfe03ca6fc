import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
inputs = torch.randn(320, 5)
targets = inputs @ torch.randn(5) + 1
model = nn.Linear(5, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)

for epoch in range(5):
    for x, y in DataLoader(TensorDataset(inputs, targets), batch_size=32, shuffle=True):
        optimizer.zero_grad()
        loss = ((model(x) - y) ** 2).mean()
        loss.backward()
        optimizer.step()
