import torch
from torch import nn

torch.manual_seed(0)
inputs = torch.randn(512, 20)
targets = (inputs @ torch.randn(20, 4)).argmax(1)
model = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 4))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

for epoch in range(6):
    order = torch.randperm(512)
    x, y = inputs[order], targets[order]
    for start in range(0, 512, 32):
        optimizer.zero_grad()
        loss = criterion(model(x[start : start + 32]), y[start : start + 32])
        loss.backward()
        optimizer.step()
