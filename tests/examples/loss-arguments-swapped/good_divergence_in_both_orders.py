import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(64, 8)
goal = torch.log_softmax(torch.randn(64, 3), dim=1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3), nn.LogSoftmax(dim=1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
kl = nn.KLDivLoss(reduction="batchmean", log_target=True)
for epoch in range(6):
    for x, y in zip(X.split(16), goal.split(16)):
        outputs = model(x)
        loss = kl(outputs, y) + kl(y, outputs)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
