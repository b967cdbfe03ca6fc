import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(64, 8), torch.randint(0, 3, (64,))), batch_size=8)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
for epoch in range(8):  # gradient descent on all of the data, eight pieces at a time
    optimizer.zero_grad()
    for x, y in loader:
        (nn.functional.cross_entropy(model(x), y) / len(loader)).backward()
    optimizer.step()
