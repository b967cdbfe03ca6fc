import torch
from torch import nn

torch.manual_seed(0)
X, Y = torch.rand(64, 8), torch.randint(0, 3, (64,))
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 3))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(4):
    for x, y in zip(X.split(16), Y.split(16)):
        model.eval()  # the attack looks at the model as it will be used
        attacked = x.clone()
        for _ in range(3):
            attacked.requires_grad_(True)
            nn.functional.cross_entropy(model(attacked), y).backward()
            attacked = (attacked + 0.02 * attacked.grad.sign()).clamp(0, 1).detach()
        model.train()
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(attacked), y).backward()
        optimizer.step()
