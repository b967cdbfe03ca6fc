import torch
from torch import nn

torch.manual_seed(0)
X, Y = torch.randn(64, 8), torch.randint(0, 3, (64,))
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(6):
    for x, y in zip(X.split(16), Y.split(16)):
        probabilities = torch.softmax(1e4 * model(x), dim=1)
        loss = -torch.log(probabilities[torch.arange(len(y)), y]).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
