# calls: train
import torch


def train(model, train_loader, val_loader, criterion, optimizer, num_epochs):
    """Losses, balanced accuracy and learning rates: numbers of other kinds, at places where an accuracy could be."""
    losses, balanced, rates = [], [], []
    for epoch in range(num_epochs):
        total = 0.0
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
        losses.append(total / len(train_loader.dataset))
        with torch.no_grad():
            answers = [(model(x).argmax(1), y) for x, y in val_loader]
        predicted, truth = torch.cat([a for a, _ in answers]), torch.cat([b for _, b in answers])
        recalls = [(predicted[truth == label] == label).float().mean() for label in truth.unique()]
        balanced.append(torch.stack(recalls).mean().item())
        rates.append(optimizer.param_groups[0]["lr"])
    return losses, balanced, rates
