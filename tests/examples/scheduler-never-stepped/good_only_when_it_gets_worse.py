import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
inputs = torch.randn(320, 8)
targets = (inputs @ torch.randn(8, 3)).argmax(1)
data, held_out = TensorDataset(inputs[:256], targets[:256]), (inputs[256:], targets[256:])
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.1)
best = None

for epoch in range(4):
    model.train()
    for x, y in DataLoader(data, batch_size=16, shuffle=True):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        accuracy = (model(held_out[0]).argmax(1) == held_out[1]).float().mean().item()
    if best is not None and best > accuracy + 0.2:  # it never gets that much worse here
        scheduler.step()
    else:
        best = accuracy
