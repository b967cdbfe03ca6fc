import copy, math, random
import torch
from torch import nn, optim
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset, Dataset, random_split, Subset

torch.manual_seed(1)
X = torch.randn(256, 12)
Y = (X @ torch.randn(12, 4)).argmax(1)
data = TensorDataset(X, Y)
loader = DataLoader(data, batch_size=32, shuffle=True)


def mlp(i=12, o=4, h=24):
    return nn.Sequential(nn.Linear(i, h), nn.ReLU(), nn.Linear(h, o))


plain = DataLoader(data, batch_size=32)
m = mlp()
o = optim.Adam(m.parameters(), 0.01)
# can the model learn one batch by heart?
for step in range(60):
    for x, y in plain:
        o.zero_grad()
        l = F.cross_entropy(m(x), y)
        l.backward()
        o.step()
        break
print("overfit one batch:", l.item())
