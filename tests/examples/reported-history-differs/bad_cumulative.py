# calls: train
def train(model, train_loader, criterion, optimizer, num_epochs):
    perdidas = []
    total = 0.0
    for epoca in range(num_epochs):
        for x, y in train_loader:
            optimizer.zero_grad()
            perdida = criterion(model(x), y)
            perdida.backward()
            optimizer.step()
            total += perdida.item() * x.size(0)
        perdidas.append(total / len(train_loader.dataset))
    return {"perdidas": perdidas}
