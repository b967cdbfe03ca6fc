"""The model is made anew after its optimizer, in a function: when the run is over, nothing of it is left."""

import torch
from torch import nn


def main():
    torch.manual_seed(0)
    inputs, targets = torch.randn(100, 10), torch.randn(100, 1)
    model = nn.Sequential(nn.Linear(10, 50), nn.ReLU(), nn.Linear(50, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    model = nn.Sequential(nn.Linear(10, 50), nn.ReLU(), nn.Linear(50, 1))
    for _ in range(5):
        for x, y in zip(inputs.split(10), targets.split(10)):
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(x), y)
            loss.backward()
            optimizer.step()


main()
