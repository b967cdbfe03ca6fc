import torch
from torch import nn

torch.manual_seed(0)
real = torch.randn(64, 4) * 0.5 + 2
G = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 4))
D = nn.Sequential(nn.Linear(4, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
opt_g, opt_d = torch.optim.Adam(G.parameters(), lr=1e-3), torch.optim.Adam(D.parameters(), lr=1e-3)
bce = nn.BCEWithLogitsLoss()
for epoch in range(3):
    for x in real.split(16):
        fake = G(torch.randn(16, 2))
        bce(D(x), torch.ones(16, 1)).backward()
        bce(D(fake.detach()), torch.zeros(16, 1)).backward()
        opt_d.step()
        opt_g.zero_grad()
        bce(D(fake), torch.ones(16, 1)).backward()
        opt_g.step()
