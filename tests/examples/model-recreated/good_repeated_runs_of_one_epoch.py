"""How much luck is in a start: five models, an epoch each on the same data, and each is tried out."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
inputs = torch.randn(120, 6)
labels = (inputs[:, 0] > 0).long()
training = DataLoader(TensorDataset(inputs[:80], labels[:80]), batch_size=8, shuffle=True)
validation = DataLoader(TensorDataset(inputs[80:], labels[80:]), batch_size=40)

accuracies = []
for run in range(5):
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    model.train()
    for x, y in training:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        for x, y in validation:
            accuracies.append((model(x).argmax(dim=1) == y).float().mean().item())
print(min(accuracies), max(accuracies))
