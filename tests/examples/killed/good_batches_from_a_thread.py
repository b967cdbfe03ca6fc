import queue
import threading

import torch
from torch import nn

torch.manual_seed(0)
batches = queue.Queue(maxsize=2)


def load():
    for _ in range(20):
        batches.put((torch.randn(16, 8), torch.randint(0, 3, (16,))))
    batches.put(None)


threading.Thread(target=load, daemon=True).start()
model = nn.Linear(8, 3)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
while (batch := batches.get()) is not None:
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(batch[0]), batch[1]).backward()
    optimizer.step()
