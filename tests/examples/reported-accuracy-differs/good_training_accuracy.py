# calls: train
import torch


def train(model, train_loader, val_loader, criterion, optimizer, num_epochs):
    """Accuracy in training, counted on the way; the other one on two thirds of the held-out data only."""
    history = {"train_acc": [], "val_acc": []}
    for _ in range(num_epochs):
        right = seen = 0
        for x, y in train_loader:
            output = model(x)
            optimizer.zero_grad()
            criterion(output, y).backward()
            optimizer.step()
            right += int((output.argmax(-1) == y).sum())
            seen += len(y)
        history["train_acc"].append(right / seen)
        right = seen = 0
        with torch.no_grad():
            for number, (x, y) in enumerate(val_loader):
                if number == 2:
                    break
                right += int((model(x).argmax(-1) == y).sum())
                seen += len(y)
        history["val_acc"].append(right / seen)
    return history
