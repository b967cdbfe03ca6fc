import copy, math, random
import torch
from torch import nn, optim
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset, Dataset, random_split, Subset

torch.manual_seed(1)
X = torch.randn(256, 12)
Y = (X @ torch.randn(12, 4)).argmax(1)
datos = TensorDataset(X, Y)
cargador = DataLoader(datos, batch_size=32, shuffle=True)


class Red(nn.Module):
    def __init__(self, i=12, o=4, p=0.0):
        super().__init__()
        self.c1 = nn.Linear(i, 24)
        self.c2 = nn.Linear(24, o)
        self.d = nn.Dropout(p)

    def forward(self, x):
        return self.c2(self.d(F.relu(self.c1(x))))


red = Red()
opt = optim.SGD(red.parameters(), 0.1)
criterio = nn.CrossEntropyLoss()
for e in range(6):
    for i, (x, y) in enumerate(cargador):
        opt.zero_grad()
        (criterio(red(x), y) / 4).backward()
        if (i + 1) % 4 == 0:
            nn.utils.clip_grad_norm_(red.parameters(), 0.05)
            opt.step()
