import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
X = torch.randn(64, 8)
loader = DataLoader(TensorDataset(X, X[:, :3].argmax(dim=1)), batch_size=16, shuffle=True)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)


class Halved(torch.optim.lr_scheduler.LRScheduler):
    def __init__(self, optimizer):
        self.rates = [0.1, 0.05, 0.025, 0.0125, 0.00625, 0.003]
        self.turn = -1
        super().__init__(optimizer)

    def step(self, epoch=None):
        self.turn += 1
        for group in self.optimizer.param_groups:
            group["lr"] = self.rates[self.turn]
        self._last_lr = [self.rates[self.turn]]


scheduler = Halved(optimizer)
for epoch in range(5):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    scheduler.step()
