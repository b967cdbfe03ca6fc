"""Training on MNIST with a validation after every epoch: no gradients, evaluation mode, and back again."""

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

EPOCHS = 5


def make_loaders() -> tuple[DataLoader, DataLoader]:
    """Training images in shuffled batches; the test images, never trained on, for the validation."""
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
    train = datasets.MNIST(root="./data", train=True, transform=transform, download=True)
    validation = datasets.MNIST(root="./data", train=False, transform=transform, download=True)
    return DataLoader(train, batch_size=64, shuffle=True), DataLoader(validation, batch_size=500)


def make_model() -> nn.Module:
    """One hidden layer; dropout makes the two modes of a model matter."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(28 * 28, 128),
        nn.ReLU(),
        nn.Dropout(0.2),
        nn.Linear(128, 10),
    )


def train_epoch(model: nn.Module, loader: DataLoader, criterion: nn.Module, optimizer: torch.optim.Optimizer) -> float:
    """One pass over the training data; returns the mean loss of its images."""
    model.train()
    total = 0.0
    examples = 0
    for images, labels in loader:
        loss = criterion(model(images), labels)

        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

        total += loss.item() * len(images)
        examples += len(images)
    return total / examples


@torch.no_grad()
def validate(model: nn.Module, loader: DataLoader, criterion: nn.Module) -> tuple[float, float]:
    """Mean loss and accuracy on images that the model is not trained on."""
    model.eval()
    total = 0.0
    correct = 0
    examples = 0
    for images, labels in loader:
        logits = model(images)
        total += criterion(logits, labels).item() * len(images)
        correct += (logits.argmax(dim=1) == labels).sum().item()
        examples += len(images)
    return total / examples, correct / examples


def main() -> None:
    train_loader, validation_loader = make_loaders()
    model = make_model()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    for epoch in range(1, EPOCHS + 1):
        train_loss = train_epoch(model, train_loader, criterion, optimizer)
        loss, accuracy = validate(model, validation_loader, criterion)
        print(f"epoch {epoch} of {EPOCHS}: training loss {train_loss:.4f}")
        print(f"    validation loss {loss:.4f}, accuracy {accuracy:.2%}")


if __name__ == "__main__":
    main()
