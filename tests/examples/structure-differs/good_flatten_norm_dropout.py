# expects: hidden_layers = 1, inputs = 8, outputs = 3
import torch
from torch import nn

torch.manual_seed(0)
X, Y = torch.randn(64, 2, 4), torch.randint(0, 3, (64,))
model = nn.Sequential(
    nn.Flatten(), nn.Linear(8, 16), nn.BatchNorm1d(16), nn.SiLU(), nn.Dropout(0.2), nn.Linear(16, 3), nn.LogSoftmax(1)
)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(5):
    for x, y in zip(X.split(16), Y.split(16)):
        optimizer.zero_grad()
        nn.functional.nll_loss(model(x), y).backward()
        optimizer.step()
