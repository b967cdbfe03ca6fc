import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
inputs = torch.randn(128, 8)
loader = DataLoader(TensorDataset(inputs, torch.arange(128)), batch_size=16, shuffle=True)
images, words = nn.Linear(8, 16), nn.Linear(8, 16)
optimizer = torch.optim.Adam([*images.parameters(), *words.parameters()], lr=0.01)

# two towers: the number in the batch is the target, so a sample has another one each time
for epoch in range(6):
    for x, _ in loader:
        one = F.normalize(images(x), dim=1)
        other = F.normalize(words(x + 0.1 * torch.randn_like(x)), dim=1)
        similar = one @ other.T / 0.1
        target = torch.arange(len(x))
        loss = (F.cross_entropy(similar, target) + F.cross_entropy(similar.T, target)) / 2
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
