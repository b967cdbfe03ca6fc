import torch
from torch import nn

torch.manual_seed(0)
inputs, targets = torch.randn(96, 8), torch.randint(0, 3, (96,))
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 3))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

for epoch in range(5):
    model.train()
    for x, y in zip(inputs[:64].split(16), targets[:64].split(16)):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        right = (model(inputs[64:]).argmax(dim=1) == targets[64:]).sum().item()
    print(f"epoch {epoch}: {right} of 32 right")
