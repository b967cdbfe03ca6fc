import torch
from torch import nn

torch.manual_seed(0)
X, Y = torch.randn(64, 8), torch.randint(0, 3, (64,))
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
parameters = list(model.parameters())
optimizer = torch.optim.Adam(parameters, lr=0.01)
for epoch in range(4):
    for x, y in zip(X.split(16), Y.split(16)):
        loss = nn.functional.cross_entropy(model(x), y)
        for p, gradient in zip(parameters, torch.autograd.grad(loss, parameters)):
            p.grad = gradient
        optimizer.step()
