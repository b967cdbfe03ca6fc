import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
inputs = torch.randn(180, 4)
loader = DataLoader(TensorDataset(inputs, inputs.sum(1, keepdim=True)), batch_size=10, shuffle=True)
model = nn.Linear(4, 1)
criterion = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

# 18 batches in groups of 5: the three that are left over go into the first step of the next epoch
for epoch in range(5):
    for i, (x, y) in enumerate(loader):
        loss = criterion(model(x), y) / 5
        loss.backward()
        if (i + 1) % 5 == 0:
            optimizer.step()
            optimizer.zero_grad()
