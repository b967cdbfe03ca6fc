import torch
from torch import nn

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randint(0, 3, (64,))
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizers = [torch.optim.SGD(model[n].parameters(), lr=0.1) for n in (0, 2)]
for epoch in range(6):
    for number, (x, y) in enumerate(zip(inputs.split(16), targets.split(16))):
        model.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizers[number % 2].step()
