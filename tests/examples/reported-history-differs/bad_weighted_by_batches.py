# calls: train
def train(model, train_loader, criterion, optimizer, num_epochs):
    history = {"loss": []}
    for _ in range(num_epochs):
        running = 0.0
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            running += loss.item() * x.size(0)
        history["loss"].append(running / len(train_loader))
    return history
