import torch
from torch import nn

torch.manual_seed(0)
inputs, targets = torch.randn(64, 8), torch.randint(0, 3, (64,))
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for step in range(6):
    sums = [torch.zeros_like(p) for p in model.parameters()]
    for sample in torch.randperm(64)[:8].tolist():  # each sample may contribute so much and no more
        model.zero_grad()
        nn.functional.cross_entropy(model(inputs[sample : sample + 1]), targets[sample : sample + 1]).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for total, p in zip(sums, model.parameters()):
            total += p.grad
    for total, p in zip(sums, model.parameters()):
        p.grad = (total + 0.1 * torch.randn_like(total)) / 8
    optimizer.step()
