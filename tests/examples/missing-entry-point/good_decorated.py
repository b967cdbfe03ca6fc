# functions: ["train"]
import functools

import torch
from torch import nn


def counted(function):
    @functools.wraps(function)
    def wrapper(*arguments, **named):
        wrapper.calls += 1
        return function(*arguments, **named)

    wrapper.calls = 0
    return wrapper


@counted
def train(model, train_loader, optimizer, num_epochs):
    for _ in range(num_epochs):
        for x, y in train_loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()


if __name__ == "__main__":
    net = nn.Linear(8, 3)
    train(net, [(torch.randn(16, 8), torch.randint(0, 3, (16,)))] * 4, torch.optim.SGD(net.parameters(), lr=0.1), 3)
