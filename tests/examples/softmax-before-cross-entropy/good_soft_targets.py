import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(64, 8)
soft = torch.softmax(3 * torch.randn(64, 3), dim=1)  # probabilities, but as the target
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
for epoch in range(6):
    for x, y in zip(X.split(16), soft.split(16)):
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
