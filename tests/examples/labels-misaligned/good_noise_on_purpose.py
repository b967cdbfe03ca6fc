import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
inputs = torch.randn(128, 8)
targets = inputs[:, :3].argmax(1)


class Noisy(torch.utils.data.Dataset):
    """A third of the labels is drawn anew each time: what the data set says is the truth."""

    def __len__(self):
        return 128

    def __getitem__(self, index):
        flipped = torch.rand(()) < 0.34
        return inputs[index], torch.randint(3, ()) if flipped else targets[index]


loader = DataLoader(Noisy(), batch_size=16, shuffle=True)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

ahead = None
for epoch in range(6):
    for x, y in loader:
        if ahead is not None:  # a batch is trained on when the next one is there
            optimizer.zero_grad()
            F.cross_entropy(model(ahead[0]), ahead[1]).backward()
            optimizer.step()
        order = y.argsort()
        ahead = x[order], F.one_hot(y[order], 3).float()
