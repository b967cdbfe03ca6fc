import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
inputs = torch.randn(128, 8)
targets = inputs[:, :3].argmax(1)
train = DataLoader(TensorDataset(inputs[:96], targets[:96]), batch_size=16, shuffle=True)
held_out = DataLoader(TensorDataset(inputs[96:], targets[96:]), batch_size=16)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for epoch in range(5):
    model.train()
    for x, y in train:
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.eval()
    for x, y in held_out:
        x.requires_grad_()
        [gradient] = torch.autograd.grad(nn.functional.cross_entropy(model(x), y), [x])
        print(gradient.abs().mean(0).argmax().item())  # which input matters most
