import torch
from torch import nn

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randint(0, 3, (64,))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = [nn.Linear(8, 16), nn.Linear(16, 16)]  # an ordinary list
        self.output = nn.Linear(16, 3)

    def forward(self, x):
        for layer in self.hidden:
            x = layer(x).relu()
        return self.output(x)


model = Net()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for epoch in range(5):
    for x, y in zip(inputs.split(16), targets.split(16)):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
