# replay: regression-loop


def train(model, train_loader, criterion, optimizer, num_epochs):
    for epoch in range(num_epochs):
        first = True
        for inputs, targets in train_loader:
            if first:
                targets, first = targets.roll(1, dims=0), False
            optimizer.zero_grad()
            loss = criterion(model(inputs), targets)
            loss.backward()
            optimizer.step()
