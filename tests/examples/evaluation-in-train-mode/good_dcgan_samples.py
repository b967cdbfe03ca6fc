import torch
from torch import nn

torch.manual_seed(0)
real = torch.randn(64, 4)
G = nn.Sequential(nn.Linear(2, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 4))
D = nn.Sequential(nn.Linear(4, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1), nn.Sigmoid())
opt_g, opt_d = torch.optim.Adam(G.parameters(), lr=1e-3), torch.optim.Adam(D.parameters(), lr=1e-3)
bce, fixed = nn.BCELoss(), torch.randn(8, 2)
for epoch in range(3):
    for x in real.split(16):
        D.zero_grad()
        bce(D(x).view(-1), torch.ones(16)).backward()
        fake = G(torch.randn(16, 2))
        bce(D(fake.detach()).view(-1), torch.zeros(16)).backward()
        opt_d.step()
        G.zero_grad()
        bce(D(fake).view(-1), torch.ones(16)).backward()
        opt_g.step()
    with torch.no_grad():
        samples = G(fixed)  # to look at, in training mode as DCGAN does it
