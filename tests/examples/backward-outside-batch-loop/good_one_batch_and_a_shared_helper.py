"""One batch holds all of the training data; the same line computes the losses of the validation, in small batches."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
inputs = torch.randn(80, 6)
targets = (inputs.sum(dim=1) > 0).long()
training = DataLoader(TensorDataset(inputs[:40], targets[:40]), batch_size=40)
validation = DataLoader(TensorDataset(inputs[40:], targets[40:]), batch_size=4)
model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.3)


def loss_of(batch):
    x, y = batch
    return nn.functional.cross_entropy(model(x), y)


for epoch in range(10):
    for batch in training:
        optimizer.zero_grad()
        loss = loss_of(batch)
        loss.backward()
        optimizer.step()
    held_out = sum(loss_of(batch).item() for batch in validation) / len(validation)
    print(f"{epoch}: {loss.item():.3f} {held_out:.3f}")
