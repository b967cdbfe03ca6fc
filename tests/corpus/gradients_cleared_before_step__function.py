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


def step(model, batch, opt):
    seq, tgt = batch
    loss = nn.functional.cross_entropy(model(seq), tgt)
    loss.backward()
    opt.zero_grad()  # <- gradients-cleared-before-step
    opt.step()
    return loss.item()

m = Tagger()
o = torch.optim.Adam(m.parameters(), lr=0.01)
for ep in range(3):
    tot = 0
    for batch in loader:
        tot += step(m, batch, o)
    print(ep, tot / len(loader))
