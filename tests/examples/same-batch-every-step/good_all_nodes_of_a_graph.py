import torch
from torch import nn
from torch.utils.data import DataLoader

torch.manual_seed(0)
features = torch.randn(120, 10)
edges = (torch.rand(120, 120) < 0.05).float() + torch.eye(120)
edges = edges / edges.sum(1, keepdim=True)
labels = (edges @ features)[:, :3].argmax(1)


class Graph(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(10, 16), nn.Linear(16, 3)

    def forward(self, x):
        return self.second(edges @ torch.relu(self.first(edges @ x)))


model = Graph()
optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
for epoch in range(8):
    for nodes in DataLoader(torch.arange(100), batch_size=20, shuffle=True):
        optimizer.zero_grad()
        out = model(features)  # every node, whichever of them the loss asks for
        nn.functional.cross_entropy(out[nodes], labels[nodes]).backward()
        optimizer.step()
