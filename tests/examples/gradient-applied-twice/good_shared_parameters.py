import torch
from torch import nn

torch.manual_seed(0)
X, Y = torch.randn(64, 8), torch.randint(0, 3, (64,))
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
sgd = torch.optim.SGD(model.parameters(), lr=0.05)
adam = torch.optim.Adam(model[2].parameters(), lr=0.001)  # helps the last layer along
for epoch in range(4):
    for x, y in zip(X.split(16), Y.split(16)):
        sgd.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        sgd.step()
        adam.step()
