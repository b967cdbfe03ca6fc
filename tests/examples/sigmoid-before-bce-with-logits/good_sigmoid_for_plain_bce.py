import torch
from torch import nn

torch.manual_seed(0)
X, Y = torch.randn(64, 8), torch.randint(0, 2, (64,)).float()
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1), nn.Sigmoid())
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
criterion = nn.BCELoss()
for epoch in range(6):
    for x, y in zip(X.split(16), Y.split(16)):
        loss = criterion(model(x).flatten(), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
