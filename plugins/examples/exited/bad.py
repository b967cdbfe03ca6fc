import sys

import torch
from torch import nn

if len(sys.argv) < 2:
    print("usage: train.py EPOCHS")
    sys.exit(0)  # ends the whole program when no arguments are given

model = nn.Linear(8, 3)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(int(sys.argv[1])):
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(torch.randn(16, 8)), torch.randint(0, 3, (16,))).backward()
    optimizer.step()
