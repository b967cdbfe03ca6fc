import torch
from torch import nn

torch.manual_seed(0)
inputs = torch.randn(512, 20)
targets = (inputs @ torch.randn(20, 4)).argmax(1)
model = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 4))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
size = 32

for epoch in range(5):
    for start in range(0, len(inputs), size):
        x, y = inputs[:size], targets[:size]
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
