# calls: train
import torch


def train(model, train_loader, val_loader, criterion, optimizer, num_epochs):
    accuracies = []
    for epoch in range(num_epochs):
        model.train()
        for x, y in train_loader:
            optimizer.zero_grad()
            criterion(model(x), y).backward()
            optimizer.step()
        model.eval()
        correct = 0
        with torch.no_grad():
            for x, y in val_loader:
                correct += (model(x).argmax(1) == y).sum().item()
        accuracies.append(correct / len(val_loader.dataset))
    return {"accuracies": accuracies}
