import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(64, 4)
Y = X.sum(1, keepdim=True)
model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
for epoch in range(5):
    for x, y in zip(X.split(16), Y.split(16)):
        outputs = torch.tensor(model(x).tolist())
        loss = nn.functional.mse_loss(outputs, y)
        loss.requires_grad = True
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
