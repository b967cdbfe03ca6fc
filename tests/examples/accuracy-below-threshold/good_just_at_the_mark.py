# threshold: 0.8
import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(400, 2)
Y = (X.sum(1) > 0).long()
model = nn.Linear(2, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(30):
    batch = torch.randint(0, 300, (32,))
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(X[batch]), Y[batch]).backward()
    optimizer.step()
with torch.no_grad():
    result = (model(X[300:]).argmax(1) == Y[300:]).float().mean().item()
    print(result)
