"""The warm server: imports torch once, then forks for each run; it reads no submission and keeps no secret."""

from __future__ import annotations

import gc
import importlib
import os
import select
import signal
import socket
import sys
from pathlib import Path

#: a message names a room's whole furniture
_MOST_BYTES = 1 << 20
_DESCRIPTORS = 6
#: said once it can fork, and again after each package
READY = b"ready"
#: how often it looks whether whoever started it is still there, in case somebody else holds the socket
_LOOK_SECONDS = 2.0
#: one of each usual kind is made: the first optimizer of a process may import as much again as torch itself
_OPTIMIZERS = ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "NAdam", "LBFGS")


def main(arguments: list[str]) -> None:
    """Serve until the other end of the socket is closed. Arguments: the descriptor of a SOCK_SEQPACKET socket."""
    parent = os.getppid()
    connection = socket.socket(fileno=int(arguments[0]))
    warm_up()
    settle()
    # children that have ended are forgotten by the kernel itself; what they came to is told to whoever asked
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    connection.send(READY)
    serve(connection, parent)


def warm_up() -> None:
    """Import what every run needs, and nothing that only some scripts import."""
    import torch

    from . import main as worker
    from . import uncompiled

    torch.set_num_threads(1)
    uncompiled.install()
    parameters = [torch.nn.Parameter(torch.zeros(1))]
    for name in _OPTIMIZERS:
        if hasattr(torch.optim, name):
            getattr(torch.optim, name)(parameters, lr=0.1)
    for path in sorted(Path(__file__).parent.glob("*.py")):
        # inside a room this folder has another name, so nothing of it can be imported any more
        importlib.import_module(f".{path.stem}", __package__)
    # each of them imports something when it is used for the first time, and every run uses them
    importlib.invalidate_caches()
    worker.plant_seeds(0)


def preload(package: str) -> None:
    """Import what runs that are about to come will import. Where that fails it is left to them, as if nothing was."""
    from . import offered_data

    before = set(sys.modules)
    try:
        with offered_data.repaired():
            importlib.import_module(package)
    except Exception:
        for name in set(sys.modules) - before:
            del sys.modules[name]


def settle() -> None:
    """Make everything ready to be shared with forks. Ends the server where it could not fork."""
    gc.collect()
    gc.freeze()
    if (reason := unfit()) is not None:
        sys.exit(f"a warm server cannot fork here: {reason}")


def unfit() -> str | None:
    """What would break in a child: a second thread, or a graphics card that was touched."""
    import torch

    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads != 1:
        return f"{threads} threads are running"
    touched: bool = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    return "CUDA was initialised" if touched else None


def serve(connection: socket.socket, parent: int) -> None:
    """Fork for each message that brings pipes, and leave it to the child to read; one without names a package."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    while os.getppid() == parent:
        if not poll.poll(1000 * _LOOK_SECONDS):
            continue
        message, descriptors, _, _ = socket.recv_fds(connection, _MOST_BYTES, _DESCRIPTORS)
        if not message:
            return
        if not descriptors:
            preload(message.decode())
            settle()
            connection.send(READY)
            continue
        if os.fork() == 0:
            connection.close()
            from . import warm_run

            warm_run.main(message, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
