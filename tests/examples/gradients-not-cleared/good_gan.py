import torch
from torch import nn

torch.manual_seed(0)
real = torch.randn(64, 4) * 0.5 + 2
G = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 4))
D = nn.Sequential(nn.Linear(4, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
opt_g = torch.optim.Adam(G.parameters(), lr=2e-3, betas=(0.5, 0.999))
opt_d = torch.optim.Adam(D.parameters(), lr=2e-3, betas=(0.5, 0.999))
bce = nn.BCEWithLogitsLoss()
for epoch in range(3):
    for x in real.split(16):
        ones, zeros = torch.ones(16, 1), torch.zeros(16, 1)
        fake = G(torch.randn(16, 2))
        opt_d.zero_grad()  # also what the generator's pass has left here
        bce(D(x), ones).backward()
        bce(D(fake.detach()), zeros).backward()
        opt_d.step()
        opt_g.zero_grad()
        bce(D(fake), ones).backward()
        opt_g.step()
