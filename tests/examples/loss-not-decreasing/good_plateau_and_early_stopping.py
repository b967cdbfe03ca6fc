import copy

import torch
from torch import nn

torch.manual_seed(0)
X, Y = torch.randn(96, 8), torch.randint(0, 3, (96,))
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 3))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=1)
best, kept, waited = float("inf"), copy.deepcopy(model.state_dict()), 0
for epoch in range(20):
    model.train()
    for x, y in zip(X[:64].split(16), Y[:64].split(16)):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        held_out = nn.functional.cross_entropy(model(X[64:]), Y[64:]).item()
    scheduler.step(held_out)
    if held_out < best:
        best, kept, waited = held_out, copy.deepcopy(model.state_dict()), 0
    elif (waited := waited + 1) == 3:
        break
model.load_state_dict(kept)
