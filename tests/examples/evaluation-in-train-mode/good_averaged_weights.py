import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, SWALR, update_bn

torch.manual_seed(0)
X, Y = torch.randn(96, 8), torch.randint(0, 3, (96,))
batches = list(zip(X[:64].split(16), Y[:64].split(16)))
model = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 3))
average = AveragedModel(model)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = SWALR(optimizer, swa_lr=0.05)
for epoch in range(6):
    for x, y in batches:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    if epoch >= 2:
        average.update_parameters(model)
        scheduler.step()
update_bn(batches, average)  # forward passes in training mode that are no evaluation
average.eval()
with torch.no_grad():
    print((average(X[64:]).argmax(1) == Y[64:]).float().mean().item())
