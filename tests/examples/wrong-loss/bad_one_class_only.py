import torch
from torch import nn

torch.manual_seed(0)
X, Y = torch.randn(64, 4), torch.zeros(64, dtype=torch.long)
model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(5):
    for x, y in zip(X.split(16), Y.split(16)):
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
