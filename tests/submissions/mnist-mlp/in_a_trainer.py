import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms


class Trainer:
    def __init__(self, epochs=5):
        self.epochs = epochs
        self.net = nn.Sequential(nn.Linear(784, 128), nn.Tanh(), nn.Linear(128, 10))
        self.loss = nn.CrossEntropyLoss()
        self.opt = torch.optim.SGD(self.net.parameters(), lr=0.1, momentum=0.9)
        data = datasets.MNIST("data", train=True, transform=transforms.ToTensor(), download=True)
        self.batches = DataLoader(data, batch_size=100, shuffle=True, drop_last=True)

    def step(self, batch):
        images, labels = batch
        scores = self.net(images.reshape(len(images), -1))
        value = self.loss(scores, labels)
        for parameter in self.net.parameters():
            parameter.grad = None
        value.backward()
        self.opt.step()
        return value.item()

    def fit(self):
        return [sum(map(self.step, self.batches)) / len(self.batches) for _ in range(self.epochs)]


print(Trainer().fit())
