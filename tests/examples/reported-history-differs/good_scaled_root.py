# calls: train
def train(model, train_loader, criterion, optimizer, num_epochs):
    """Each batch's mean is turned into a sum before the step, and the report divides the sums by the samples."""
    for group in optimizer.param_groups:
        group["lr"] = 0.005
    history = []
    for _ in range(num_epochs):
        total = 0.0
        for x, y in train_loader:
            loss = criterion(model(x), y) * len(x)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        history.append(round(total / len(train_loader.dataset), 3))
    return history
