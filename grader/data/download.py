"""Run in a child: lets torchvision download MNIST into a folder. Arguments: the folder."""

from __future__ import annotations

import importlib.util
import socket
import sys
from pathlib import Path
from types import ModuleType

#: a network that is not there is to be found out soon
CONNECT_SECONDS = 15


def main(folder: str) -> None:
    """Raises whatever torchvision raises when nothing can be had."""
    socket.setdefaulttimeout(CONNECT_SECONDS)
    with _worker_module("offered_data").repaired():
        from torchvision import datasets
    datasets.MNIST(folder, train=True, download=True)


def _worker_module(name: str) -> ModuleType:
    """A module of the worker's by its path: this child runs beside the grader's package, not in it."""
    path = Path(__file__).resolve().parent.parent / "worker" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"no module at {path}")
    module = importlib.util.module_from_spec(spec)
    # dataclasses look their module up there
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main(sys.argv[1])
