import argparse

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=5)
parser.add_argument("--lr", type=float, default=0.1)
options = parser.parse_args([])

model = nn.Linear(8, 3)
optimizer = torch.optim.SGD(model.parameters(), lr=options.lr)
for epoch in range(options.epochs):
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(torch.randn(16, 8)), torch.randint(0, 3, (16,))).backward()
    optimizer.step()
