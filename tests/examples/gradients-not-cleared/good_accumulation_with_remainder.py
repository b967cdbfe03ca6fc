import torch
from torch import nn

torch.manual_seed(0)
X, Y = torch.randn(72, 8), torch.randint(0, 3, (72,))
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
batches = list(zip(X.split(8), Y.split(8)))  # nine batches, four to a step: one is left over
optimizer.zero_grad()
for epoch in range(4):
    for number, (x, y) in enumerate(batches, 1):
        (nn.functional.cross_entropy(model(x), y) / 4).backward()
        if number % 4 == 0 or number == len(batches):
            optimizer.step()
            optimizer.zero_grad()
