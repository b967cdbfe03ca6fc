import torch
from torch import nn

torch.manual_seed(0)
images, targets = torch.randn(64, 1, 4, 4), torch.randint(0, 3, (64,))
model = nn.Sequential(nn.Flatten(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for epoch in range(5):
    for x, y in zip(images.split(16), targets.split(16)):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
