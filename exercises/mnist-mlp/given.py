"""What this exercise hands to a `train` function, by the names of its arguments."""

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision import datasets, transforms

num_epochs = 3


def _images(train: bool) -> Dataset:
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
    return datasets.MNIST(root="./data", train=train, transform=transform, download=True)


def train_loader() -> DataLoader:
    return DataLoader(_images(train=True), batch_size=64, shuffle=True)


def val_loader() -> DataLoader:
    return DataLoader(_images(train=False), batch_size=500)


def model() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(28 * 28, 128), nn.ReLU(), nn.Linear(128, 10))


def criterion() -> nn.Module:
    return nn.CrossEntropyLoss()


def optimizer(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.Adam(model.parameters(), lr=0.001)


def scheduler(optimizer: torch.optim.Optimizer) -> torch.optim.lr_scheduler.LRScheduler:
    """A schedule that leaves the learning rate as it is."""
    return torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)
