from unittest import mock

import torch
from torch import nn

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randint(0, 3, (64,))
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
calls = []
backward, zero_grad = torch.autograd.backward, torch.optim.Optimizer.zero_grad


def counted(*args, **kwargs):
    calls.append(len(args))
    return backward(*args, **kwargs)


torch.autograd.backward = counted  # as a profiler does
with mock.patch.object(torch.optim.Optimizer, "zero_grad", lambda self, **options: zero_grad(self, **options)):
    for epoch in range(5):
        for x, y in zip(inputs.split(16), targets.split(16)):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
