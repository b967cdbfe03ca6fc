import torch
from torch import nn
from torch.func import functional_call, grad

torch.manual_seed(0)
X, Y = torch.randn(64, 8), torch.randint(0, 3, (64,))
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
weights = {name: p.detach() for name, p in model.named_parameters()}


def loss(weights, x, y):
    return nn.functional.cross_entropy(functional_call(model, weights, (x,)), y)


for epoch in range(4):
    for x, y in zip(X.split(16), Y.split(16)):
        gradients = grad(loss)(weights, x, y)
        weights = {name: w - 0.1 * gradients[name] for name, w in weights.items()}
