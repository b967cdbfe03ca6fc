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

model = nn.Sequential(nn.Linear(16, 32), nn.Tanh(), nn.Linear(32, 5))
optimizer = torch.optim.RMSprop(model.parameters(), lr=0.001)
for epoch in range(3):
    for i, (x, t) in enumerate(train_loader):
        if epoch == 0:
            optimizer.zero_grad()
        loss = F.nll_loss(F.log_softmax(model(x), dim=1), t)
        loss.backward()  # <- gradients-not-cleared
        optimizer.step()
