# calls: train
import torch


def train(model, train_loader, val_loader, criterion, optimizer, num_epochs):
    history = {"val_acc": []}
    for _ in range(num_epochs):
        right = 0
        for x, y in train_loader:
            output = model(x)
            optimizer.zero_grad()
            criterion(output, y).backward()
            optimizer.step()
            right += (output.argmax(1) == y).sum().item()
        with torch.no_grad():
            for x, y in val_loader:
                predicted = model(x).argmax(1)
        history["val_acc"].append(right / len(train_loader.dataset))
    return history
