# functions: ["train"]
import torch
from torch import nn


def train(model, train_loader, optimizer, num_epochs):
    for epoch in range(num_epochs):
        for x, y in train_loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()


if __name__ == "__main__":
    model = nn.Linear(8, 3)
    batches = [(torch.randn(16, 8), torch.randint(0, 3, (16,)))] * 4
    train(model, batches, torch.optim.SGD(model.parameters(), lr=0.1), num_epochs=5)
