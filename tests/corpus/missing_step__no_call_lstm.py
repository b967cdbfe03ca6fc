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


model = Tagger()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
for epoch in range(3):
    for seq, tgt in loader:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(seq), tgt)
        loss.backward()  # <- missing-step
        optimizer.step
