import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
inputs = torch.randn(128, 8)
targets = inputs[:, :3].argmax(1)
labelled = DataLoader(TensorDataset(inputs[:64], targets[:64]), batch_size=16, shuffle=True)
unlabelled = DataLoader(TensorDataset(inputs[64:]), batch_size=16, shuffle=True)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(5):
    for (x, y), (more,) in zip(labelled, unlabelled):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        guess = model(more).softmax(1)
        (0.1 * -(guess * guess.log()).sum(1).mean()).backward()  # be sure of yourself
        optimizer.step()
