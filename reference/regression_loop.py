"""A training loop for regression: ten numbers in, one number out, fitted by mean squared error."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

EPOCHS = 20


def make_data() -> DataLoader:
    """A hundred random examples in batches of ten, shuffled anew in every epoch."""
    inputs = torch.randn(100, 10)
    targets = torch.randn(100, 1)
    return DataLoader(TensorDataset(inputs, targets), batch_size=10, shuffle=True)


def train_epoch(model: nn.Module, loader: DataLoader, criterion: nn.Module, optimizer: torch.optim.Optimizer) -> float:
    """One pass over the data; returns the mean loss of its examples."""
    total = 0.0
    examples = 0
    for inputs, targets in loader:
        outputs = model(inputs)
        loss = criterion(outputs, targets)

        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

        # a short last batch counts as much as its examples, no more
        total += loss.item() * len(inputs)
        examples += len(inputs)
    return total / examples


def main() -> None:
    model = nn.Sequential(nn.Linear(10, 50), nn.ReLU(), nn.Linear(50, 1))
    criterion = nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    loader = make_data()
    for epoch in range(1, EPOCHS + 1):
        loss = train_epoch(model, loader, criterion, optimizer)
        print(f"epoch {epoch:2} of {EPOCHS}: loss {loss:.4f}")


if __name__ == "__main__":
    main()
