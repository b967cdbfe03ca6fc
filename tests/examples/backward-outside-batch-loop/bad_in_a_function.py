"""The whole step is indented like the loop, in a function of its own."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def train(model, loader, criterion, optimizer):
    model.train()
    for inputs, targets in loader:
        outputs = model(inputs)
        loss = criterion(outputs, targets)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def main():
    torch.manual_seed(0)
    data = TensorDataset(torch.randn(100, 10), torch.randn(100, 1))
    loader = DataLoader(data, batch_size=10, shuffle=True)
    model = nn.Sequential(nn.Linear(10, 50), nn.ReLU(), nn.Linear(50, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for _ in range(10):
        train(model, loader, nn.MSELoss(), optimizer)


main()
