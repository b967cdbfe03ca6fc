# expects: hidden_layers = 1, inputs = 16, outputs = 3
import torch
from torch import nn

torch.manual_seed(0)
X, Y = torch.randn(64, 1, 4, 4), torch.randint(0, 3, (64,))
model = nn.Sequential(nn.Conv2d(1, 12, kernel_size=4), nn.Tanh(), nn.Conv2d(12, 3, kernel_size=1), nn.Flatten())
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(5):
    for x, y in zip(X.split(16), Y.split(16)):  # a kernel as large as the image is a linear layer
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
