import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
data = TensorDataset(torch.randn(96, 8), torch.randint(0, 3, (96,)))
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for epoch in range(3):
    for x, y in DataLoader(data, batch_size=16, shuffle=True):
        x.requires_grad_()
        nn.functional.cross_entropy(model(x), y).backward()  # only to find the direction of the attack
        attacked = (x + 0.1 * x.grad.sign()).detach()
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(attacked), y).backward()
        optimizer.step()
