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

class T:
    def __init__(self):
        self.m = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 5))
        self.o = torch.optim.AdamW(self.m.parameters(), lr=0.01)
        self.k = 4
    def fit(self):
        for e in range(4):
            for i, (x, t) in enumerate(train_loader):
                self.o.zero_grad()
                (F.cross_entropy(self.m(x), t) / self.k).backward()  # <- accumulation-wiped
                if (i + 1) % self.k == 0:
                    nn.utils.clip_grad_norm_(self.m.parameters(), 1.0)
                    self.o.step()
T().fit()
