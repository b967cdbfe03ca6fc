import torch
from torch import nn

torch.manual_seed(0)
X, Y = torch.randn(64, 8), torch.randint(0, 3, (64,))
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizers = {p: torch.optim.SGD([p], lr=0.1) for p in model.parameters()}


def update(p):  # each parameter moves as soon as its gradient is there
    optimizers[p].step()
    optimizers[p].zero_grad()


for p in model.parameters():
    p.register_post_accumulate_grad_hook(update)
for epoch in range(4):
    for x, y in zip(X.split(16), Y.split(16)):
        nn.functional.cross_entropy(model(x), y).backward()
