import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(64, 4)
Y = X.sum(1).abs()
model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(5):
    for x, y in zip(X.split(16), Y.split(16)):
        loss = nn.functional.cross_entropy(model(x).squeeze(1), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
