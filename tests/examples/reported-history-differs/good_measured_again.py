# calls: train
import torch


def mean_loss(model, loader, criterion):
    model.eval()
    with torch.no_grad():
        pairs = [(criterion(model(x), y).item(), len(x)) for x, y in loader]
    model.train()
    return round(sum(loss * count for loss, count in pairs) / sum(count for _, count in pairs), 2)


def train(model, train_loader, val_loader, criterion, optimizer, num_epochs):
    """Both losses are measured when an epoch is over, and rounded for the table."""
    train_losses, val_losses = [], []
    for _ in range(num_epochs):
        for x, y in train_loader:
            optimizer.zero_grad()
            criterion(model(x), y).backward()
            optimizer.step()
        train_losses.append(mean_loss(model, train_loader, criterion))
        val_losses.append(mean_loss(model, val_loader, criterion))
    return train_losses, val_losses
