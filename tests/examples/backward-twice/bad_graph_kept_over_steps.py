import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(64, 4)
Y = X.sum(1, keepdim=True)
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
loss = nn.functional.mse_loss(model(X), Y)  # computed once, used again and again
for epoch in range(5):
    optimizer.zero_grad()
    loss.backward(retain_graph=True)
    optimizer.step()
