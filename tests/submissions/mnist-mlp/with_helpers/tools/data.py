from functools import cache

from torch.utils.data import DataLoader
from torchvision import datasets, transforms


@cache
def images():
    return datasets.MNIST("data", train=True, transform=transforms.ToTensor(), download=True)


def batches():
    return DataLoader(images(), batch_size=64, shuffle=True)
