import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
inputs = torch.randn(128, 8)
targets = inputs[:, :3].argmax(1)

model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for epoca in range(12):
    inputs = inputs[torch.randperm(128)]
    for inicio in range(0, 128, 16):
        x = inputs[inicio : inicio + 16]
        y = targets[inicio : inicio + 16]
        optimizer.zero_grad()
        perdida = F.cross_entropy(model(x), y)
        perdida.backward()
        optimizer.step()
