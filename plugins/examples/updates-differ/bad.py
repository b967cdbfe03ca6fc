# replay: regression-loop


def train(model, train_loader, criterion, optimizer, num_epochs):
    for epoch in range(num_epochs):
        for number, (inputs, targets) in enumerate(train_loader):
            if number % 3 == 0:
                inputs = inputs.flip(0)  # meant to mirror each input; it turns the batch around
            optimizer.zero_grad()
            loss = criterion(model(inputs), targets)
            loss.backward()
            optimizer.step()
