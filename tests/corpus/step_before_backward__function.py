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

def train(model, loader, opt, lossf, epochs):
    for e in range(epochs):
        for xb, yb in loader:
            opt.zero_grad()
            pred = model(xb)
            loss = lossf(pred, yb)
            opt.step()  # <- step-before-backward
            loss.backward()

net = nn.Sequential(nn.Linear(16, 24), nn.ReLU(), nn.Linear(24, 5))
train(net, train_loader, torch.optim.AdamW(net.parameters(), lr=1e-2), nn.CrossEntropyLoss(), 3)
