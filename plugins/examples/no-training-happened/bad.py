import torch
from torch import nn


def train(model, optimizer):
    for epoch in range(5):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(torch.randn(16, 8)), torch.randint(0, 3, (16,))).backward()
        optimizer.step()


model = nn.Linear(8, 3)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
train  # never called
print(model(torch.randn(1, 8)))
