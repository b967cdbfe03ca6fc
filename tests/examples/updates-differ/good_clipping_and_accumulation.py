# replay: regression-loop
from torch import nn


def train(model, train_loader, criterion, optimizer, num_epochs):
    for epoch in range(num_epochs):
        optimizer.zero_grad()
        for number, (inputs, targets) in enumerate(train_loader, start=1):
            (criterion(model(inputs), targets) / 2).backward()
            if number % 2 == 0:
                nn.utils.clip_grad_norm_(model.parameters(), 0.1)
                optimizer.step()
                optimizer.zero_grad()
