import signal

import torch
from torch import nn

stop = False


def finish(*_):
    global stop
    stop = True


signal.signal(signal.SIGTERM, finish)
torch.manual_seed(0)
model = nn.Linear(8, 3)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(50):
    if step == 20:
        signal.raise_signal(signal.SIGTERM)  # as a cluster would, when the time is over
    if stop:
        break
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(torch.randn(16, 8)), torch.randint(0, 3, (16,))).backward()
    optimizer.step()
