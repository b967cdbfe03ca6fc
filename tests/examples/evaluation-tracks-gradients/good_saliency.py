import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
inputs = torch.randn(320, 8)
targets = (inputs @ torch.randn(8, 3)).argmax(1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 3))
optimizer = torch.optim.Adam(model.parameters(), lr=0.02)

for epoch in range(4):
    model.train()
    for x, y in DataLoader(TensorDataset(inputs, targets), batch_size=32, shuffle=True):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()

model.eval()
right = 0
for x, y in DataLoader(TensorDataset(inputs, targets), batch_size=32):
    x.requires_grad_()
    out = model(x)
    right += (out.argmax(1) == y).sum().item()
    # which inputs does the answer depend on?
    saliency = torch.autograd.grad(out.max(1).values.sum(), x)[0].abs()
print(right / len(inputs), saliency.mean(0))
