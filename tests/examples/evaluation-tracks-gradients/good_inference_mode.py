import torch
from torch import nn

torch.manual_seed(0)
X, Y = torch.randn(96, 8), torch.randint(0, 3, (96,))
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.BatchNorm1d(16), nn.Linear(16, 3))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)


@torch.inference_mode()
def accuracy(x, y):
    was = model.training
    model.train(False)
    right = (model(x).topk(1).indices[:, 0] == y).float().mean().item()
    model.train(was)
    return right


for epoch in range(5):
    for x, y in zip(X[:64].split(16), Y[:64].split(16)):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    print(accuracy(X[64:], Y[64:]))
