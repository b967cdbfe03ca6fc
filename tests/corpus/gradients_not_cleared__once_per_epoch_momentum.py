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

class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 5))
    def forward(self, x):
        return self.layers(x)

def train_epoch(model, loader, optimizer, criterion):
    model.train()
    optimizer.zero_grad()
    running = 0.0
    for data, target in loader:
        output = model(data)
        loss = criterion(output, target)
        loss.backward()  # <- gradients-not-cleared
        optimizer.step()
        running += loss.item()
    return running / len(loader)

net = MLP()
opt = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
for epoch in range(4):
    print(epoch, train_epoch(net, train_loader, opt, nn.CrossEntropyLoss()))
