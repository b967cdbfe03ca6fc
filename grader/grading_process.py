"""A process that grades one submission after another: a line of JSON in for each, a line out for its end.

In: `{"arguments": [...]}`, what follows `grade run`. Out: `{"seconds": ...}` once it is known how long it may take at
most, then `{"code": ...}`, the exit code that `grade run` would have had. When nobody sends any more it ends, also in
the middle of a grading.
"""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from queue import SimpleQueue
from types import FrameType
from typing import IO, NoReturn

from .cli import INTERRUPTED, OUR_FAULT, main
from .workshop import Workshop


def serve() -> None:
    """Grade until the other side hangs up."""
    faulthandler.enable()
    signal.signal(signal.SIGTERM, _interrupt)
    answers = _own_output()
    code = 0
    try:
        with Workshop(many=True, expects=lambda seconds: _say(answers, "seconds", seconds)) as workshop:
            for line in _lines():
                _say(answers, "code", grade(json.loads(line)["arguments"], workshop))
    except (KeyboardInterrupt, BrokenPipeError):
        code = INTERRUPTED
    # a thread of ours still waits for the end of its pipe
    os._exit(code)


def grade(arguments: list[str], workshop: Workshop) -> int:
    """The exit code of `grade run` with these arguments."""
    code: object = OUR_FAULT
    try:
        main(["run", *arguments], workshop)
    except SystemExit as end:
        code = end.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    if code == INTERRUPTED:
        raise KeyboardInterrupt
    return code if isinstance(code, int) else OUR_FAULT


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    """As Ctrl-C does, once: what is under way cleans up behind itself."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def _own_output() -> IO[str]:
    """Where answers go; what anything else prints goes nowhere."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.close(nothing)
    return answers


def _say(answers: IO[str], key: str, value: float) -> None:
    answers.write(json.dumps({key: value}) + "\n")
    answers.flush()


def _lines() -> Iterator[bytes]:
    """Each line of the input. A thread reads it, so that its end is noticed while something is graded."""
    arrived: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_listen, args=(arrived,), daemon=True).start()
    return iter(arrived.get, b"")


def _listen(arrived: SimpleQueue[bytes]) -> None:
    with open(0, "rb", closefd=False) as stream:
        for line in stream:
            arrived.put(line)
    arrived.put(b"")
    # whoever asked has gone: what is being graded ends as at a Ctrl-C, with all that it started
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    serve()
