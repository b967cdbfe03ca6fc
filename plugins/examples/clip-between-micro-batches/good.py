import torch
from torch import nn

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randint(0, 3, (64,))
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for epoch in range(6):
    for number, (x, y) in enumerate(zip(inputs.split(8), targets.split(8)), 1):
        loss = nn.functional.cross_entropy(model(x), y) / 4
        loss.backward()
        if number % 4 == 0:
            nn.utils.clip_grad_norm_(model.parameters(), 0.1)  # the sum of four batches
            optimizer.step()
            optimizer.zero_grad()
