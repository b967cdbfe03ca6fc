import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(64, 8)
Y = X[:, :3].argmax(1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
for epoch in range(5):
    right = 0
    for x, y in zip(X.split(16), Y.split(16)):
        optimizer.zero_grad()
        outputs = model(x)
        nn.functional.cross_entropy(outputs, y).backward()
        optimizer.step()
        right += (outputs.argmax(1) == y).sum().item()
    print(f"training accuracy {right / len(X):.2f}")
