# calls: train
import torch


def evaluate(model, loader, size):
    model.eval()
    correct = 0
    with torch.no_grad():
        for x, y in loader:
            _, predicted = torch.max(model(x), 1)
            correct += (predicted == y).sum().item()
    model.train()
    return 100 * correct / size


def train(model, train_loader, val_loader, criterion, optimizer, num_epochs):
    result = []
    for _ in range(num_epochs):
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
        result.append((loss.item(), evaluate(model, val_loader, len(train_loader.dataset))))
    return [accuracy for _, accuracy in result], {"acc": [accuracy for _, accuracy in result]}
