import concurrent.futures
import json
import logging
import os
import pathlib
import subprocess
import sys
import tempfile
import threading

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms
from tqdm import tqdm

logging.basicConfig(level=logging.INFO, filename="training.log")
torch.manual_seed(0)
transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])
training = datasets.MNIST("data", train=True, download=True, transform=transform)
loader = DataLoader(training, batch_size=64, shuffle=True, num_workers=2)
model = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
criterion = nn.CrossEntropyLoss()
pathlib.Path("checkpoints").mkdir(exist_ok=True)
written = threading.Event()
losses = []


def beat():
    while not written.wait(0.5):
        logging.info("training goes on")


threading.Thread(target=beat, daemon=True).start()
for epoch in range(4):
    progress = tqdm(loader, desc=f"epoch {epoch}")
    for images, labels in progress:
        optimizer.zero_grad()
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        progress.set_postfix(loss=f"{losses[-1]:.3f}")
    torch.save(model.state_dict(), f"checkpoints/{epoch}.pt")

written.set()
model.load_state_dict(torch.load("checkpoints/3.pt"))
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    smooth = list(pool.map(lambda start: float(np.mean(losses[start : start + 50])), range(0, len(losses), 50)))
plt.plot(smooth)
plt.savefig("loss.png")
plt.show()
with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as file:
    json.dump(losses, file)
print(os.path.getsize("loss.png") > 0, os.cpu_count() is not None, file=sys.stderr)
print(subprocess.run(["ls", "checkpoints"], capture_output=True, text=True).stdout.split())
