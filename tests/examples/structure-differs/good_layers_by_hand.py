# expects: hidden_layers = 1, inputs = 8, outputs = 3
import torch
from torch import nn


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.w1 = nn.Parameter(0.3 * torch.randn(8, 16))
        self.b1 = nn.Parameter(torch.zeros(16))
        self.w2 = nn.Parameter(0.3 * torch.randn(16, 3))

    def forward(self, x):
        hidden = torch.clamp(x.reshape(len(x), -1) @ self.w1 + self.b1, min=0)
        return hidden @ self.w2


torch.manual_seed(0)
X, Y = torch.randn(64, 2, 4), torch.randint(0, 3, (64,))
model = Network()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(5):
    for x, y in zip(X.split(16), Y.split(16)):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
