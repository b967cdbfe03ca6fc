import torch
from torch import nn

torch.manual_seed(0)
X, Y = torch.randn(96, 8), torch.randint(0, 3, (96,))
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 3))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(5):
    model.train()
    for x, y in zip(X[:64].split(16), Y[:64].split(16)):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
model.eval()
for layer in model.modules():
    if isinstance(layer, nn.Dropout):
        layer.train()  # random on purpose: many answers show how sure the model is
with torch.no_grad():
    answers = torch.stack([model(X[64:]).softmax(1) for _ in range(8)])
print((answers.mean(0).argmax(1) == Y[64:]).float().mean().item(), answers.std(0).mean().item())
