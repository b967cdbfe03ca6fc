# calls: train
import torch


def train(model, train_loader, criterion, optimizer, num_epochs):
    """Two batches for a step: the loss is halved for the gradients, and reported as it was."""
    history = []
    for _ in range(num_epochs):
        total, seen = torch.zeros(()), 0
        batches = list(train_loader)[:6]
        for number, (x, y) in enumerate(batches, start=1):
            loss = criterion(model(x), y)
            (loss / 2).backward()
            total += loss.detach() * len(x)
            seen += len(x)
            if number % 2 == 0:
                optimizer.step()
                optimizer.zero_grad()
        history.append(total / seen)
    return history, optimizer.param_groups[0]["lr"]
