import torch
from torch import nn

torch.manual_seed(0)
inputs = torch.randn(256, 6)
targets = (inputs @ torch.randn(6) > 0).float()
model = nn.Linear(6, 1)

for _ in range(80):
    model.zero_grad()
    score = model(inputs).squeeze(1)
    likelihood = (targets * nn.functional.logsigmoid(score) + (1 - targets) * nn.functional.logsigmoid(-score)).mean()
    likelihood.backward()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.5 * parameter.grad  # a likelihood is to grow
