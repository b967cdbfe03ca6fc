import torch
from torch import nn

torch.manual_seed(0)
X, Y = torch.randn(16, 1, 6, 6), torch.randint(0, 3, (16, 6, 6))
model = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 3, 1), nn.LogSoftmax(dim=1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
criterion = nn.NLLLoss(ignore_index=2)
for epoch in range(6):
    for x, y in zip(X.split(4), Y.split(4)):
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
