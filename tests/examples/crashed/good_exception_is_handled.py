import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(8, 3)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for size in (8, 7, 8, 8):  # one batch has the wrong width and is left out
    try:
        loss = nn.functional.cross_entropy(model(torch.randn(16, size)), torch.randint(0, 3, (16,)))
    except RuntimeError as error:
        print("left out:", error)
        continue
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
