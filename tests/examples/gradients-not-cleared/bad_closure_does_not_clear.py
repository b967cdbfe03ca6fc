import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(64, 4)
Y = X.sum(1, keepdim=True)
model = nn.Linear(4, 1)
optimizer = torch.optim.LBFGS(model.parameters(), lr=0.1, max_iter=4)


def closure():
    loss = nn.functional.mse_loss(model(X), Y)
    loss.backward()
    return loss


for step in range(4):
    optimizer.step(closure)
