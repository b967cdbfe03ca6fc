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


net = Net()
def train_epoch(net):
    opt = torch.optim.Adam(net.parameters(), lr=1e-3)  # <- optimizer-recreated
    for a, b in trainloader:
        opt.zero_grad()
        F.cross_entropy(net(a), b).backward()
        opt.step()
for e in range(5):
    train_epoch(net)
