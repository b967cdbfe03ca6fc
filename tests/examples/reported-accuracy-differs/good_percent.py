# calls: train
import torch


def train(model, train_loader, val_loader, criterion, optimizer, num_epochs):
    """The best of several evaluations, in percent and rounded, after one before the training."""
    best, accuracies = 0.0, [evaluate(model, val_loader)]
    for _ in range(num_epochs):
        model.train()
        for x, y in train_loader:
            optimizer.zero_grad()
            criterion(model(x), y).backward()
            optimizer.step()
        accuracies.append(evaluate(model, val_loader))
        best = max(best, accuracies[-1])
    return {"best_acc": best, "val_acc": accuracies[1:], "history": accuracies}


@torch.inference_mode()
def evaluate(model, loader):
    model.eval()
    hits = sum(model(x).softmax(1).max(1)[1].eq(y).sum() for x, y in loader)
    return round(100.0 * float(hits) / len(loader.dataset), 1)
