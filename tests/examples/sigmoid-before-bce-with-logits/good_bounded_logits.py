import torch
from torch import nn

torch.manual_seed(0)
X, Y = torch.randn(64, 8), torch.randint(0, 2, (64, 1)).float()
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(6):
    for x, y in zip(X.split(16), Y.split(16)):
        logits = 5 * torch.tanh(model(x) / 5)  # capped on purpose
        loss = nn.functional.binary_cross_entropy_with_logits(logits, y, pos_weight=torch.tensor(2.0))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
