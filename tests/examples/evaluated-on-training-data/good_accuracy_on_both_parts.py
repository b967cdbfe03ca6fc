# asks for: no-evaluation-happened
import torch
from torch import nn

torch.manual_seed(0)
X, Y = torch.randn(96, 8), torch.randint(0, 3, (96,))
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 3))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(5):
    model.train()
    for x, y in zip(X[:64].split(16), Y[:64].split(16)):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        for name, part in (("train", slice(0, 64)), ("validation", slice(64, 96))):
            print(name, (model(X[part]).argmax(1) == Y[part]).float().mean().item())
