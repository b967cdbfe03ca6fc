# expects: loss = "cross_entropy"
import torch
from torch import nn

torch.manual_seed(0)
X, Y = torch.randn(64, 8), torch.randint(0, 3, (64,))
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(6):
    for x, y in zip(X.split(16), nn.functional.one_hot(Y, 3).float().split(16)):
        loss = nn.functional.kl_div(torch.log_softmax(model(x), dim=1), y, reduction="batchmean")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
