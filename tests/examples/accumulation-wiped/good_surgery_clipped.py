import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
inputs = torch.randn(128, 8)
data = TensorDataset(inputs, inputs[:, :3].argmax(1))
loader = DataLoader(data, batch_size=16, shuffle=True)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

# each batch's gradients are kept elsewhere, averaged, written back and limited
for epoch in range(6):
    kept = []
    for number, (x, y) in enumerate(loader, start=1):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        kept.append([parameter.grad.clone() for parameter in model.parameters()])
        if number % 4 == 0:
            with torch.no_grad():
                for parameter, gradients in zip(model.parameters(), zip(*kept)):
                    parameter.grad.copy_(torch.stack(gradients).mean(0))
            nn.utils.clip_grad_norm_(model.parameters(), 0.5)
            optimizer.step()
            kept.clear()
