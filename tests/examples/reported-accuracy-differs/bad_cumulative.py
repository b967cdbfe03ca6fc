# calls: train
import torch


def train(model, train_loader, val_loader, criterion, optimizer, num_epochs):
    perdidas, exactitudes = [], []
    aciertos = 0
    for epoca in range(num_epochs):
        total = 0.0
        model.train()
        for x, y in train_loader:
            optimizer.zero_grad()
            perdida = criterion(model(x), y)
            perdida.backward()
            optimizer.step()
            total += perdida.item() * len(x)
        perdidas.append(total / len(train_loader.dataset))
        model.eval()
        with torch.no_grad():
            for x, y in val_loader:
                aciertos += (model(x).argmax(1) == y).sum().item()
        exactitudes.append(100 * aciertos / len(val_loader.dataset))
    return perdidas, exactitudes
