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
#: how often it looks whether whoever started it is still there, in case somebody else holds the socket
_LOOK_SECONDS = 2.0
#: one of each usual kind is made: the first optimizer of a process may import as much again as torch itself
_OPTIMIZERS = ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "NAdam", "LBFGS")


def main(arguments: list[str]) -> None:
    """Serve until the other end of the socket is closed. Arguments: the descriptor of a SOCK_SEQPACKET socket."""
    parent = os.getppid()
    connection = socket.socket(fileno=int(arguments[0]))
    warm_up()
    gc.collect()
    gc.freeze()
    if (reason := unfit()) is not None:
        sys.exit(f"a warm server cannot fork here: {reason}")
    # children that have ended are forgotten by the kernel itself; what they came to is told to whoever asked
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    connection.send(b"ready")
    serve(connection, parent)


def warm_up() -> None:
    """Import what every run needs, and nothing that only some scripts import."""
    import torch

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


def unfit() -> str | None:
    """What would break in a child: a second thread, or a graphics card that was touched."""
    import torch

    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads != 1:
        return f"{threads} threads are running"
    touched: bool = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    return "CUDA was initialised" if touched else None


def serve(connection: socket.socket, parent: int) -> None:
    """Fork for each message. Nothing is read out of it here: that is left to the child."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    while os.getppid() == parent:
        if not poll.poll(1000 * _LOOK_SECONDS):
            continue
        message, descriptors, _, _ = socket.recv_fds(connection, _MOST_BYTES, _DESCRIPTORS)
        if not message:
            return
        if os.fork() == 0:
            connection.close()
            from . import warm_run

            warm_run.main(message, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
