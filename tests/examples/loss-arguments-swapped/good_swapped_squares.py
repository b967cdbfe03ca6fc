import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(64, 4)
Y = X.sum(1, keepdim=True)
model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
criterion = nn.MSELoss()
for epoch in range(6):
    for x, y in zip(X.split(16), Y.split(16)):
        loss = criterion(y, model(x))  # a square does not mind
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
