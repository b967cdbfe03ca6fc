import torch
from torch import nn

torch.manual_seed(0)
inputs = torch.randn(512, 20)
targets = (inputs @ torch.randn(20, 4)).argmax(1)
model = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 4))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

# how much can it learn by heart? other labels, drawn for each epoch, say that it cannot
for epoch in range(6):
    drawn = torch.randint(4, (512,))
    for start in range(0, 512, 32):
        optimizer.zero_grad()
        loss = criterion(model(inputs[start : start + 32]), drawn[start : start + 32])
        loss.backward()
        optimizer.step()
