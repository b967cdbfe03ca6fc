import torch
from torch import nn

torch.manual_seed(0)
inputs = torch.randn(96, 8)
targets = inputs[:, :3].argmax(1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 3))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(4):
    model.train()
    for x, y in zip(inputs[:64].split(16), targets[:64].split(16)):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        print((model(inputs[64:]).argmax(1) == targets[64:]).float().mean().item())
        model[2].train()  # only this one, to see how far the answers spread
        print(torch.stack([model(inputs[64:]) for _ in range(10)]).std(0).mean().item())
