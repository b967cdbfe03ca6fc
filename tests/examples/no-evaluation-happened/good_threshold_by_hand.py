# asks for: no-evaluation-happened
import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(96, 8)
Y = (X[:, 0] + X[:, 1] > 0).float()
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
criterion = nn.BCEWithLogitsLoss()


def evaluate():
    model.eval()
    with torch.no_grad():
        guesses = model(X[64:]).squeeze(1) > 0  # neither argmax nor a loss
    model.train()
    return (guesses == (Y[64:] > 0.5)).float().mean().item()


for epoch in range(5):
    for x, y in zip(X[:64].split(16), Y[:64].split(16)):
        optimizer.zero_grad()
        criterion(model(x).squeeze(1), y).backward()
        optimizer.step()
    print(evaluate())
