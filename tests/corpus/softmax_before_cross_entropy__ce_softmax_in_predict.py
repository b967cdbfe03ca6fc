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
        self.features = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(2))
        self.fc = nn.Linear(32, 10)
    def forward(self, x):
        x = self.features(x).flatten(1)
        return torch.softmax(self.fc(x), dim=1)
def train_one_epoch(model, loader, opt, sched=None):
    model.train()
    total, n = 0.0, 0
    for xb, yb in loader:
        opt.zero_grad(set_to_none=True)
        loss = F.cross_entropy(model(xb), yb, label_smoothing=0.1)  # <- softmax-before-cross-entropy
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        opt.step()
        if sched: sched.step()
        total += loss.item() * len(xb); n += len(xb)
    return total / n
net = Net()
opt = torch.optim.AdamW(net.parameters(), lr=3e-3)
sched = torch.optim.lr_scheduler.OneCycleLR(opt, 3e-3, total_steps=5 * len(trainloader))
for e in range(5):
    train_one_epoch(net, trainloader, opt, sched)
