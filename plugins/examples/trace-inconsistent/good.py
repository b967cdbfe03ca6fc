import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_post_hook

steps = []
register_optimizer_step_post_hook(lambda optimizer, args, kwargs: steps.append(1))  # beside those of others

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randint(0, 3, (64,))
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for epoch in range(5):
    for x, y in zip(inputs.split(16), targets.split(16)):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
