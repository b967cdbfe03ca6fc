import torch
from torch import nn

torch.manual_seed(0)
X, Y = torch.randn(64, 8), torch.randint(0, 3, (64,))
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
for epoch in range(5):
    for number, (x, y) in enumerate(zip(X.split(8), Y.split(8)), 1):
        (nn.functional.cross_entropy(model(x), y) / 4).backward()
        if number % 4 == 0:
            optimizer.step()
