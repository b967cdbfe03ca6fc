import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(8, 3)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
step = 0
while (step := step + 1) < 20:
    match step % 2:
        case 0:
            x, y = torch.randn(16, 8), torch.randint(0, 3, (16,))
        case _:
            x, y = torch.randn(32, 8), torch.randint(0, 3, (32,))
    optimizer.zero_grad()
    (loss := nn.functional.cross_entropy(model(x), y)).backward()
    optimizer.step()
    print(f"{step = }, {loss.item() = :.3f}")
