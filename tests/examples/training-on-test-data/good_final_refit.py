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
    for x, y in train_loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        print(sum((model(x).argmax(1) == y).sum().item() for x, y in test_loader) / 64)
everything = torch.utils.data.ConcatDataset([train_loader.dataset, test_loader.dataset])
for x, y in DataLoader(everything, batch_size=16, shuffle=True):  # the number is known; now use all there is
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    optimizer.step()
