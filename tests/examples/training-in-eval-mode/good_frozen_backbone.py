import torch
from torch import nn

torch.manual_seed(0)
X, Y = torch.randn(64, 8), torch.randint(0, 3, (64,))
backbone = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.2)).eval()
head = nn.Linear(16, 3)
optimizer = torch.optim.Adam(head.parameters(), lr=0.01)
for epoch in range(6):
    for x, y in zip(X.split(16), Y.split(16)):
        with torch.no_grad():
            features = backbone(x)
        optimizer.zero_grad()
        nn.functional.cross_entropy(head(features), y).backward()
        optimizer.step()
