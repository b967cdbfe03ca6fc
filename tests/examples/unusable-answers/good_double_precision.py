# threshold: 0.8
import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(400, 2, dtype=torch.float64)
Y = (X.sum(1) > 0).long()
model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 2)).double()
optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
for epoch in range(6):
    for x, y in zip(X[:300].split(30), Y[:300].split(30)):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
with torch.no_grad():
    result = (model(X[300:]).argmax(1) == Y[300:]).double().mean().item()
    print(result)
