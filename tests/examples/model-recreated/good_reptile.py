import copy

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
X = torch.randn(64, 8)
loader = DataLoader(TensorDataset(X, X[:, :3].argmax(dim=1)), batch_size=16, shuffle=True)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
for x, y in loader:
    fast = copy.deepcopy(model)
    optimizer = torch.optim.SGD(fast.parameters(), lr=0.1)
    nn.functional.cross_entropy(fast(x), y).backward()
    optimizer.step()
    with torch.no_grad():
        for slow, moved in zip(model.parameters(), fast.parameters()):
            slow.lerp_(moved, 0.5)
