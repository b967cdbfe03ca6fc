import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(5)
S = torch.randn(320, 12, 4)
T = (S.sum(dim=(1, 2)) > 0).long()
loader = DataLoader(TensorDataset(S, T), batch_size=20, shuffle=True)

class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 16, batch_first=True)
        self.out = nn.Linear(16, 2)

    def forward(self, x):
        _, (h, _) = self.lstm(x)
        return self.out(h[-1])


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(4, 16, batch_first=True)
        self.drop = nn.Dropout(0.5)
        self.fc = nn.Linear(16, 2)
    def forward(self, x):
        o, _ = self.rnn(x)
        return self.fc(self.drop(o[:, -1]))
net = Net()
opt = torch.optim.Adam(net.parameters(), 1e-2)
val = DataLoader(TensorDataset(torch.randn(60, 12, 4), torch.randint(0, 2, (60,))), batch_size=20)
for e in range(3):
    for s, t in loader:
        opt.zero_grad(); nn.functional.cross_entropy(net(s), t).backward(); opt.step()
    with torch.no_grad():
        acc = 0
        for s, t in val:
            acc += (net(s).argmax(1) == t).float().mean().item()  # <- evaluation-in-train-mode
