import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
waves = torch.sin(torch.arange(1200) / 9).unfold(0, 20, 10)  # a signal, piece by piece
data = TensorDataset(waves[:, :, None], (waves[:, -1] > waves[:, 0]).long())


class Follower(nn.Module):
    def __init__(self):
        super().__init__()
        self.memory = nn.GRU(1, 8, batch_first=True)
        self.head = nn.Linear(8, 2)

    def forward(self, x):
        return self.head(self.memory(x)[0][:, -1])


model = Follower()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(3):
    for x, y in DataLoader(data, batch_size=8):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
