"""What the recorder costs: blocks of training steps with and without it, in turn, in one process."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

try:
    from .recording import new_recorder
except ImportError:  # as a script
    from recording import new_recorder  # type: ignore[import-not-found, no-redef]

STEPS = 200
ROUNDS = 21
Block = Callable[[], None]


def plain_loop() -> Block:
    """One MLP step again and again: 784-128-10, 64 images, Adam."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    optimizer, criterion = torch.optim.Adam(model.parameters()), nn.CrossEntropyLoss()
    images, labels = torch.randn(64, 1, 28, 28), torch.randint(0, 10, (64,))

    def block() -> None:
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss = criterion(model(images), labels)
            loss.backward()
            optimizer.step()

    return block


def loader_loop() -> Block:
    """The same from a shuffling loader, as a script would do it."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    optimizer, criterion = torch.optim.Adam(model.parameters()), nn.CrossEntropyLoss()
    data = TensorDataset(torch.randn(64 * STEPS // 2, 1, 28, 28), torch.randint(0, 10, (64 * STEPS // 2,)))
    loader = DataLoader(data, batch_size=64, shuffle=True)

    def block() -> None:
        for _ in range(2):
            for images, labels in loader:
                optimizer.zero_grad()
                loss = criterion(model(images), labels)
                loss.backward()
                optimizer.step()

    return block


def stale_loop() -> Block:
    """The commonest mistake: nothing is ever cleared."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    optimizer, criterion = torch.optim.Adam(model.parameters()), nn.CrossEntropyLoss()
    images, labels = torch.randn(64, 1, 28, 28), torch.randint(0, 10, (64,))

    def block() -> None:
        for _ in range(STEPS):
            criterion(model(images), labels).backward()
            optimizer.step()

    return block


def timed(block: Block) -> float:
    """CPU seconds of a block."""
    started = time.process_time()
    block()
    return time.process_time() - started


def timed_watched(make: Callable[[], Block]) -> tuple[float, float]:
    """CPU seconds of the first and of a later block under one recorder."""
    recorder = new_recorder(entry=__file__)
    recorder.install()
    try:
        block = make()
        return timed(block), timed(block)
    finally:
        recorder.uninstall()


def compare(make: Callable[[], Block], rounds: int = ROUNDS) -> tuple[float, float, float]:
    """Microseconds of a plain step, and the cost as a ratio: in a first block of steps, and later."""
    plain, first, later = [], [], []
    timed(make())
    for _ in range(rounds):
        block = make()
        timed(block)
        base = timed(block)
        early, late = timed_watched(make)
        base = (base + timed(block)) / 2
        plain.append(base / STEPS * 1e6)
        first.append(early / base)
        later.append(late / base)
    return statistics.median(plain), statistics.median(first), statistics.median(later)


if __name__ == "__main__":
    torch.set_num_threads(1)
    for make in (plain_loop, loader_loop, stale_loop):
        microseconds, first, later = compare(make)
        print(f"{make.__name__:12} {microseconds:7.1f} us a step; recorder {first:.3f} at first, {later:.3f} later")
