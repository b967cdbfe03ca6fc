import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
inputs = torch.randn(512, 20)
targets = (inputs @ torch.randn(20, 4)).argmax(1)
model = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 4))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(4):
    for x, y in DataLoader(TensorDataset(inputs, targets), batch_size=32, shuffle=True):
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()

change = torch.zeros(20, requires_grad=True)  # one for all inputs, that makes the loss larger
for _ in range(20):
    model.zero_grad()
    criterion(model(inputs + change), targets).backward()
    with torch.no_grad():
        change += 0.05 * change.grad.sign()
        change.grad = None
