# calls: train
import torch


class Trainer:
    def __init__(self, model, optimizer):
        self.model, self.optimizer, self.history = model, optimizer, []

    def fit(self, loader, criterion, epochs):
        for _ in range(epochs):
            for x, y in loader:
                self.optimizer.zero_grad()
                loss = criterion(self.model(x), y)
                loss.backward()
                self.optimizer.step()
            self.history.append(loss.detach())
        return torch.stack(self.history)


def train(model, train_loader, criterion, optimizer, num_epochs):
    return Trainer(model, optimizer).fit(train_loader, criterion, num_epochs), None
