# asks for: no-evaluation-happened
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(0)
X = torch.randn(96, 4)
train, validation = random_split(TensorDataset(X, X.sum(1, keepdim=True)), [64, 32])
model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
criterion = nn.MSELoss()
for epoch in range(5):
    model.train()
    for x, y in DataLoader(train, batch_size=16, shuffle=True):
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        losses = [criterion(model(x), y).item() for x, y in DataLoader(validation, batch_size=16)]
    print(sum(losses) / len(losses))
