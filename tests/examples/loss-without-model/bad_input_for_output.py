import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(64, 3)
Y = 2 * X
model = nn.Linear(3, 3)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(5):
    for inputs, targets in zip(X.split(16), Y.split(16)):
        outputs = model(inputs)
        loss = nn.functional.mse_loss(inputs, targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
