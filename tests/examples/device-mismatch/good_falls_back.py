import torch
from torch import nn

torch.manual_seed(0)
model, device = nn.Linear(8, 1), "meta"
try:
    model(torch.zeros(1, 8, device=device))
except RuntimeError as error:
    print(f"staying where the model is: {error}")
    device = "cpu"
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
for step in range(10):
    x = torch.randn(16, 8, device=device)
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
    optimizer.step()
