import torch
from torch import nn

torch.manual_seed(0)
G, D = nn.Linear(2, 2), nn.Linear(2, 1)
og, od = torch.optim.Adam(G.parameters(), 1e-3), torch.optim.Adam(D.parameters(), 1e-3)
sg, sd = (torch.optim.lr_scheduler.ExponentialLR(o, 0.99) for o in (og, od))
bce = nn.BCEWithLogitsLoss()
for step in range(40):
    for p in D.parameters():
        p.requires_grad_(True)
    fake = G(torch.randn(16, 2))
    od.zero_grad()
    (bce(D(torch.randn(16, 2) + 2), torch.ones(16, 1)) + bce(D(fake.detach()), torch.zeros(16, 1))).backward()
    od.step()
    for p in D.parameters():
        p.requires_grad_(False)
    og.zero_grad()
    bce(D(fake), torch.ones(16, 1)).backward()
    og.step()
    sg.step()
    sd.step()
