# calls: train
def train(model, train_loader, criterion, optimizer, num_epochs):
    history = []
    for epoch in range(num_epochs):
        model.train()
        total = 0.0
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item()
        history.append(total / len(train_loader.dataset))  # each loss is a mean over its batch already
    return history
