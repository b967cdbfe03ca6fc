import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(96, 8), torch.randn(96, 1)), batch_size=16, shuffle=True)
model = nn.Linear(8, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)


def norm(x, y):
    model.zero_grad()
    nn.functional.mse_loss(model(x), y).backward()
    length = model.weight.grad.norm().item()
    model.zero_grad()
    return length


for epoch in range(3):
    for x, y in loader:
        lengths = [norm(x[:8], y[:8]), norm(x[8:], y[8:])]
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
        optimizer.zero_grad()
    print(epoch, lengths)
