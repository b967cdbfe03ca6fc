import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
inputs = torch.randn(150, 8)
data, held_out = (
    TensorDataset(inputs[:96], inputs[:96, :3].argmax(1)),
    TensorDataset(inputs[96:], inputs[96:, :3].argmax(1)),
)
loader = DataLoader(data, batch_size=16, shuffle=True, drop_last=True)
evaluation = DataLoader(held_out, batch_size=18, drop_last=True)  # three batches and nothing left
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for epoch in range(3):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        right = sum((model(x).argmax(1) == y).sum().item() for x, y in evaluation)
    print(right)
