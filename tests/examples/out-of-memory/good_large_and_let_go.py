import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(8, 3)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(10):
    large = torch.randn(100_000, 8)  # as large as in the other program, and gone with the next turn
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(large), torch.randint(0, 3, (100_000,))).backward()
    optimizer.step()
    del large
