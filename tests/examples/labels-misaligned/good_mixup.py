import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
inputs = torch.randn(128, 8)
targets = inputs[:, :3].argmax(1)

loader = DataLoader(TensorDataset(inputs, targets), batch_size=16, shuffle=True)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

# mixup on the way in, and a cut-out patch of the partner: both losses belong to one output
for epoch in range(6):
    for step, (x, y) in enumerate(loader):
        partner = torch.randperm(len(x))
        share = 0.7
        if step % 2:
            mixed = share * x + (1 - share) * x[partner]
        else:
            mixed, share = x.clone(), 0.75
            mixed[:, 6:] = x[partner][:, 6:]
        output = model(mixed)
        loss = (1 - share) * F.cross_entropy(output, y[partner]) + share * F.cross_entropy(output, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
