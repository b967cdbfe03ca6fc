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

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(16, 48)
        self.b = nn.Linear(48, 5)
    def forward(self, x):
        x = nn.Dropout(0.5)(torch.relu(self.a(x)))  # <- dropout-always-on
        return self.b(x)
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for e in range(3):
    net.train()
    for x, t in train_loader:
        opt.zero_grad()
        F.cross_entropy(net(x), t).backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        for x, t in test_loader:
            net(x).argmax(1)
