import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
pixels = torch.randint(0, 256, (96, 64), dtype=torch.uint8)
targets = (pixels[:, :32].sum(1) > pixels[:, 32:].sum(1)).long()
data = TensorDataset(pixels.float(), targets)  # from 0 to 255
model = nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
for epoch in range(8):
    for x, y in DataLoader(data, batch_size=16, shuffle=True):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
