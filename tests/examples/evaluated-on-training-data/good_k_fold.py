# asks for: no-evaluation-happened
import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(90, 8)
Y = X[:, :3].argmax(1)
folds = torch.randperm(90).split(30)
for held_out in range(3):  # every sample is evaluated once, by a model that has not seen it
    rest = torch.cat([fold for number, fold in enumerate(folds) if number != held_out])
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for epoch in range(4):
        model.train()
        for batch in rest.split(15):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(X[batch]), Y[batch]).backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        print((model(X[folds[held_out]]).argmax(1) == Y[folds[held_out]]).float().mean().item())
