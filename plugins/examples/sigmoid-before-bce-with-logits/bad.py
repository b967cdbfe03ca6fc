import torch
from torch import nn

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randint(0, 2, (64,)).float()
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1), nn.Sigmoid())
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
criterion = nn.BCEWithLogitsLoss()

for epoch in range(5):
    for x, y in zip(inputs.split(16), targets.split(16)):
        loss = criterion(model(x).squeeze(1), y)  # sigmoid of a sigmoid
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
