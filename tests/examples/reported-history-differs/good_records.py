# calls: train
import torch


def train(model, train_loader, val_loader, criterion, optimizer, num_epochs):
    """One record for each epoch; the running accuracy of the training is no loss."""
    records = []
    for epoch in range(num_epochs):
        total, right = 0.0, 0
        for x, y in train_loader:
            output = model(x)
            loss = criterion(output, y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(x)
            right += (output.argmax(1) == y).sum().item()
        with torch.no_grad():
            hits = torch.cat([model(x).argmax(1) == y for x, y in val_loader])
        size = len(train_loader.dataset)
        accuracy = hits.float().mean()
        records.append({"epoch": epoch, "loss": total / size, "acc": 100 * right / size, "val_acc": accuracy})
    return records
