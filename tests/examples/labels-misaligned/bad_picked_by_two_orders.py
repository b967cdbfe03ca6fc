import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(1)
X = torch.randn(640, 16)
Y = (X @ torch.randn(16, 5)).argmax(dim=1)
train_set, test_set = random_split(TensorDataset(X, Y), [512, 128])
train_loader = DataLoader(train_set, batch_size=32, shuffle=True)
test_loader = DataLoader(test_set, batch_size=64)

model = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 5))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(5):
    p1 = torch.randperm(len(X))
    p2 = torch.randperm(len(X))
    for i in range(0, len(X), 32):
        xb = X[p1[i:i+32]]
        yb = Y[p2[i:i+32]]
        optimizer.zero_grad()
        loss = F.cross_entropy(model(xb), yb)
        loss.backward()
        optimizer.step()
