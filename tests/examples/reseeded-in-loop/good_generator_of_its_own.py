import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
X = torch.randn(64, 8)
loader = DataLoader(
    TensorDataset(X, X[:, :3].argmax(dim=1)), batch_size=16, shuffle=True, generator=torch.Generator().manual_seed(1)
)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
generator = torch.Generator()
for epoch in range(5):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    generator.manual_seed(0)
