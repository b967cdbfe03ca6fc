import torch
from torch import nn

torch.manual_seed(0)
inputs = torch.randn(128, 8)
targets = inputs[:, :3].argmax(1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
for epoch in range(4):
    for x, y in zip(inputs[:64].split(16), targets[:64].split(16)):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
model.eval()
with torch.no_grad():
    right = 0
    for x, y in zip(inputs[64:].split(16), targets[64:].split(16)):
        predicted = model(x).argmax(dim=0)  # one sample for each class
        right += sum(int(a) == int(b) for a, b in zip(predicted, y))
    print(right / 64)
