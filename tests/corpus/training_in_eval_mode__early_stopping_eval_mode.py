import torch
from torch import nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(2)
protos = torch.randn(10, 1, 8, 8)
labels = torch.randint(0, 10, (600,))
images = protos[labels] + 0.5 * torch.randn(600, 1, 8, 8)
trainset = TensorDataset(images[:480], labels[:480])
testset = TensorDataset(images[480:], labels[480:])
trainloader = DataLoader(trainset, batch_size=24, shuffle=True)
testloader = DataLoader(testset, batch_size=24, shuffle=False)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 3)
        self.bn = nn.BatchNorm2d(6)
        self.fc1 = nn.Linear(6 * 3 * 3, 32)
        self.drop = nn.Dropout(0.4)
        self.fc2 = nn.Linear(32, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn(self.conv1(x))), 2)
        x = torch.flatten(x, 1)
        x = self.drop(F.relu(self.fc1(x)))
        return self.fc2(x)


import copy
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
best, best_state, patience = 1e9, None, 0
def validate():
    net.eval()
    with torch.no_grad():
        return sum(F.cross_entropy(net(a), b).item() for a, b in testloader) / len(testloader)
for epoch in range(4):
    for a, b in trainloader:
        opt.zero_grad()
        loss = F.cross_entropy(net(a), b)  # <- training-in-eval-mode
        loss.backward()
        opt.step()
    v = validate()
    if v < best:
        best, best_state, patience = v, copy.deepcopy(net.state_dict()), 0
    else:
        patience += 1
        if patience > 2:
            break
net.load_state_dict(best_state)
