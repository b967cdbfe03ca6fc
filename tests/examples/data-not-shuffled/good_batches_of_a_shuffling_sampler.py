import torch
from torch import nn
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, TensorDataset

torch.manual_seed(0)
targets = torch.arange(3).repeat_interleave(40)  # sorted by class
data = TensorDataset(torch.randn(120, 8) + targets[:, None], targets)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
# the loader's own sampler is one in order, and nobody asks it
loader = DataLoader(data, batch_sampler=BatchSampler(RandomSampler(data), batch_size=8, drop_last=False))

for epoch in range(4):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
