import copy

import torch
from torch import nn

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randint(0, 3, (64,))
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
teacher = copy.deepcopy(model)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
spare = torch.optim.SGD(teacher.parameters(), lr=0.1)  # for a later phase
for epoch in range(5):
    for x, y in zip(inputs.split(16), targets.split(16)):
        optimizer.zero_grad()
        with torch.no_grad():
            wanted = teacher(x).softmax(dim=1)
        output = model(x)
        loss = nn.functional.cross_entropy(output, y) + 0.1 * nn.functional.cross_entropy(output, wanted)
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            for slow, fast in zip(teacher.parameters(), model.parameters()):
                slow.lerp_(fast, 0.1)
