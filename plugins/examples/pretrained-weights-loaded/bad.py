# asks for: pretrained-weights-loaded
import io

import torch
from torch import nn

torch.manual_seed(0)
inputs = torch.randn(64, 8)
targets = (inputs[:, 0] > 0).long()
weights = {"weight": torch.zeros(2, 8), "bias": torch.zeros(2)}
weights["weight"][:, 0] = torch.tensor([-4.0, 4.0])
stored = io.BytesIO()  # a file that came with the program
torch.save(weights, stored)
stored.seek(0)
model = nn.Linear(8, 2)
model.load_state_dict(torch.load(stored))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for epoch in range(5):
    for x, y in zip(inputs.split(16), targets.split(16)):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
