import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(0)
inputs = torch.randn(96, 8)
model = nn.Sequential(nn.Linear(8, 4), nn.Tanh(), nn.Linear(4, 8))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(4):
    model.train()
    for x in inputs[:64].split(16):
        optimizer.zero_grad()
        F.mse_loss(model(F.dropout(x, 0.2)), x).backward()  # an autoencoder that fills gaps
        optimizer.step()
    model.eval()
    with torch.no_grad():
        print(F.mse_loss(model(F.dropout(inputs[64:], 0.2)), inputs[64:]).item())
