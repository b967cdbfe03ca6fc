import torch
from torch import nn

torch.manual_seed(0)
X, Y = torch.randn(64, 8), torch.randint(0, 3, (64,))
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
print(model(X[:2]).shape)  # a look before anything else
for _ in range(10):  # can the model learn four samples?
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(X[:4]), Y[:4]).backward()
    optimizer.step()
for epoch in range(4):
    for x, y in zip(X.split(16), Y.split(16)):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
