"""Handwritten digits, classified by a network with one hidden layer and a plain training loop."""

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

EPOCHS = 5


class Classifier(nn.Module):
    """784 pixels, 128 hidden units, 10 logits: the softmax is part of the loss."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(28 * 28, 128)
        self.output = nn.Linear(128, 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        pixels = images.flatten(start_dim=1)
        return self.output(torch.relu(self.hidden(pixels)))


def make_loader() -> DataLoader:
    """The 60,000 training images, from -1 (black) to 1 (white), in shuffled batches of 64."""
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
    images = datasets.MNIST(root="./data", train=True, transform=transform, download=True)
    return DataLoader(images, batch_size=64, shuffle=True)


def train_epoch(model: nn.Module, loader: DataLoader, criterion: nn.Module, optimizer: torch.optim.Optimizer) -> float:
    """One pass over the data; returns the mean loss of its images."""
    model.train()
    total = 0.0
    examples = 0
    for images, labels in loader:
        logits = model(images)
        loss = criterion(logits, labels)

        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

        total += loss.item() * len(images)
        examples += len(images)
    return total / examples


def main() -> None:
    model = Classifier()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    loader = make_loader()
    for epoch in range(1, EPOCHS + 1):
        loss = train_epoch(model, loader, criterion, optimizer)
        print(f"epoch {epoch} of {EPOCHS}: loss {loss:.4f}")


if __name__ == "__main__":
    main()
