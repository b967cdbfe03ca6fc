# threshold: 0.9
import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(400, 2)
Y = (X[:, 0] * X[:, 1] > 0).long()
body, head = nn.Sequential(nn.Linear(2, 32), nn.ReLU()), nn.Linear(32, 2)
model = nn.Sequential(body, head)
for parameters, rate in ((head.parameters(), 0.02), (model.parameters(), 0.03)):
    body.requires_grad_(rate == 0.03)  # the head alone, then everything
    optimizer = torch.optim.Adam(parameters, lr=rate)
    for epoch in range(20):
        for x, y in zip(X[:300].split(50), Y[:300].split(50)):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
with torch.no_grad():
    result = (model(X[300:]).argmax(1) == Y[300:]).float().mean().item()
    print(result)
