import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
inputs = torch.randn(128, 8)
targets = inputs[:, :3].argmax(1)

loader = DataLoader(inputs, batch_size=16, shuffle=True)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

# labels that the model itself made up change from epoch to epoch, and belong to no loader
teacher = nn.Linear(8, 3)
guesses = targets.clone()
for epoch in range(6):
    with torch.no_grad():
        guesses[:] = model(inputs).argmax(1)
    for x in loader:
        with torch.no_grad():
            y = teacher(x).argmax(1) if epoch < 3 else model(x).argmax(1)
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    for start in range(0, 128, 16):
        optimizer.zero_grad()
        F.cross_entropy(model(inputs[start : start + 16]), guesses[start : start + 16]).backward()
        optimizer.step()
