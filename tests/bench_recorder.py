"""What the recorder costs: two processes train alike, one of them watched, in short blocks that take turns."""

from __future__ import annotations

import importlib
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

try:
    from .recording import new_recorder, worker_package
except ImportError:  # as a script
    from recording import new_recorder, worker_package  # type: ignore[import-not-found, no-redef]

#: longer than the longest run between two close looks, so that each block has its share of them
STEPS = 300
#: blocks before the first that counts as steady, counted blocks, and pairs of processes
WARM, BLOCKS, PAIRS = 12, 14, 2
SAMPLES = 64 * STEPS
Block = Callable[[], None]


def model_of() -> tuple[nn.Module, torch.optim.Optimizer]:
    """784-128-10 and Adam: the network of the module."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    return model, torch.optim.Adam(model.parameters())


def plain_loop() -> Block:
    """One MLP step again and again: 64 images, cross-entropy."""
    model, optimizer = model_of()
    criterion = nn.CrossEntropyLoss()
    images, labels = torch.randn(64, 1, 28, 28), torch.randint(0, 10, (64,))

    def block() -> None:
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss = criterion(model(images), labels)
            loss.backward()
            optimizer.step()

    return block


def loader_loop() -> Block:
    """The same from a shuffling loader, as a script would do it: a block is an epoch."""
    model, optimizer = model_of()
    criterion = nn.CrossEntropyLoss()
    data = TensorDataset(torch.randn(SAMPLES, 1, 28, 28), torch.randint(0, 10, (SAMPLES,)))
    loader = DataLoader(data, batch_size=64, shuffle=True)

    def block() -> None:
        for images, labels in loader:
            optimizer.zero_grad()
            loss = criterion(model(images), labels)
            loss.backward()
            optimizer.step()

    return block


class Images(Dataset[Any]):
    """Images that become tensors one by one, as torchvision's MNIST gives them."""

    def __init__(self) -> None:
        worker_package()
        with importlib.import_module("gradeloop_worker.offered_data").repaired():
            from torchvision import transforms
        self._images = torch.randint(0, 256, (SAMPLES, 28, 28), dtype=torch.uint8)
        self._labels = torch.randint(0, 10, (SAMPLES,))
        self._transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])

    def __len__(self) -> int:
        return SAMPLES

    def __getitem__(self, index: int) -> Any:
        image = Image.fromarray(self._images[index].numpy(), mode="L")
        return self._transform(image), int(self._labels[index])


def module_loop() -> Block:
    """The step of the module's own script, with the work that it does for its images."""
    model, optimizer = model_of()
    criterion = nn.CrossEntropyLoss()
    loader = DataLoader(Images(), batch_size=64, shuffle=True)

    def block() -> None:
        for images, labels in loader:
            outputs = model(images)
            loss = criterion(outputs, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    return block


def stale_loop() -> Block:
    """The commonest mistake: nothing is ever cleared."""
    model, optimizer = model_of()
    criterion = nn.CrossEntropyLoss()
    images, labels = torch.randn(64, 1, 28, 28), torch.randint(0, 10, (64,))

    def block() -> None:
        for _ in range(STEPS):
            criterion(model(images), labels).backward()
            optimizer.step()

    return block


class Side:
    """A process that trains one block when it is told to, and says how long it took in CPU time."""

    def __init__(self, make: Callable[[], Block], watched: bool) -> None:
        asked, self._ask = os.pipe()
        self._told, tell = os.pipe()
        self._process = os.fork()
        if not self._process:
            os.close(self._ask)
            os.close(self._told)
            try:
                _serve(make, watched, asked, tell)
            finally:
                os._exit(0)
        os.close(asked)
        os.close(tell)

    def seconds(self) -> float:
        """Train a block."""
        os.write(self._ask, b"x")
        return float(os.read(self._told, 100))

    def close(self) -> None:
        """End the process."""
        # not by closing the pipe: a process that was forked later holds it as well
        os.write(self._ask, b"q")
        os.close(self._ask)
        os.close(self._told)
        os.waitpid(self._process, 0)


def _serve(make: Callable[[], Block], watched: bool, asked: int, tell: int) -> None:
    if watched:
        new_recorder(entry=__file__).install()
    block = make()
    while os.read(asked, 1) == b"x":
        started = time.process_time()
        block()
        os.write(tell, str(time.process_time() - started).encode())


def compare(make: Callable[[], Block], pairs: int = PAIRS) -> tuple[list[float], list[float], list[float]]:
    """Seconds of plain blocks, and ratios watched to plain: of the first blocks, and of those after `WARM`."""
    plain, first, later = [], [], []
    for _ in range(pairs):
        sides = Side(make, watched=False), Side(make, watched=True)
        for number in range(WARM + BLOCKS):
            # each goes first in turn
            base, watched = sides[number % 2].seconds(), sides[1 - number % 2].seconds()
            base, watched = (base, watched) if number % 2 == 0 else (watched, base)
            plain.append(base)
            (later if number >= WARM else first).append(watched / base)
        for side in sides:
            side.close()
    return plain, first, later


def main(names: list[str]) -> None:
    """Print a line for each loop."""
    worker_package()
    torch.set_num_threads(1)
    torch.optim.SGD(nn.Linear(1, 1).parameters())
    for make in (module_loop, loader_loop, plain_loop, stale_loop):
        if names and make.__name__ not in names:
            continue
        plain, first, later = compare(make)
        low, middle, high = statistics.quantiles(later, n=4)
        print(
            f"{make.__name__:12} {statistics.median(plain) / STEPS * 1e6:7.1f} us a step; recorder"
            f" {statistics.median(first):.3f} in the first {WARM * STEPS} steps, then {middle:.3f}"
            f" (quartiles {low:.3f} to {high:.3f} of {len(later)} blocks)"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
