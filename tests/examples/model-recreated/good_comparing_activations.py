"""Three activations in turn, an epoch each: the models have the same shapes and are not built alike."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
X = torch.randn(64, 8)
loader = DataLoader(TensorDataset(X, X[:, :3].argmax(dim=1)), batch_size=16, shuffle=True)


class Net(nn.Module):
    def __init__(self, activation):
        super().__init__()
        self.hidden, self.output = nn.Linear(8, 16), nn.Linear(16, 3)
        self.activation = activation

    def forward(self, x):
        return self.output(self.activation(self.hidden(x)))


for activation in (torch.tanh, torch.sigmoid, torch.relu):
    model = Net(activation)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
