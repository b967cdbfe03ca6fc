import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
X = torch.randn(64, 8)
loader = DataLoader(TensorDataset(X, X[:, :3].argmax(dim=1)), batch_size=16, shuffle=True)
body, head = nn.Linear(8, 16), nn.Linear(16, 3)
optimizers = [torch.optim.SGD(body.parameters(), lr=0.05), torch.optim.Adam(head.parameters(), lr=0.01)]
schedulers = [torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.9) for optimizer in optimizers]
for epoch in range(5):
    for x, y in loader:
        for optimizer in optimizers:
            optimizer.zero_grad()
        nn.functional.cross_entropy(head(body(x).relu()), y).backward()
        for optimizer in optimizers:
            optimizer.step()
    for scheduler in schedulers:
        scheduler.step()
