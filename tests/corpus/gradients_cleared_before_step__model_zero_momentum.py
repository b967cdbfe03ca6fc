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

model = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 5))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)
for epoch in range(3):
    for x, t in train_loader:
        loss = F.cross_entropy(model(x), t)
        loss.backward()
        for p in model.parameters():
            p.grad.zero_()  # <- gradients-cleared-before-step
        optimizer.step()
