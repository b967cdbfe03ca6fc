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

class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 8))
        self.out = nn.Linear(8, 2)
    def forward(self, a, b):
        return self.out((self.emb(a) - self.emb(b)).abs())
model = Pair()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for step in range(200):
    i = torch.randint(0, len(X), (32,))
    j = torch.randint(0, len(X), (32,))
    same = (Y[i] == Y[j]).long()
    optimizer.zero_grad()
    F.cross_entropy(model(X[i], X[j]), same).backward()
    optimizer.step()
