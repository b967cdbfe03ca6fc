import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Points(TensorDataset):
    def __init__(self, train):
        torch.manual_seed(0 if train else 1)
        inputs = torch.randn(128 if train else 64, 8)
        super().__init__(inputs, inputs[:, :3].argmax(1))
        self.train = train


train_loader = DataLoader(Points(train=True), batch_size=16, shuffle=True)
test_loader = DataLoader(Points(train=False), batch_size=16, shuffle=True)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for epoch in range(4):
    model.train()
    for x, y in test_loader:  # the wrong one
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        print(sum((model(x).argmax(1) == y).sum().item() for x, y in test_loader) / 64)
