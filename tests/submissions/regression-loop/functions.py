# exercise: regression-loop
def train(model, train_loader, criterion, optimizer, num_epochs):
    for _ in range(num_epochs):
        for inputs, targets in train_loader:
            optimizer.zero_grad()
            criterion(model(inputs), targets).backward()
            optimizer.step()
