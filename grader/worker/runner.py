"""Runs a script as Python itself would, and tells how it ended without trusting what it left behind."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
import traceback
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_GRACE_SECONDS = 2.0
_MAX_MESSAGE = 2000
_MAX_FRAMES = 50
_NO_MESSAGE = "<the message could not be read>"
#: reads the slot itself: a student's class may override how its attributes are looked up
_TRACEBACK: Callable[[BaseException], types.TracebackType | None] = vars(BaseException)["__traceback__"].__get__


@dataclass(frozen=True)
class Ending:
    """How a script ended: `returned`, `exception` or `system-exit`, and what the E and X frames say of it."""

    reason: str
    exit: int | None = None
    crash: dict[str, Any] | None = field(default=None)


def run_script(folder: Path, entry: str, afterwards: Callable[[dict[str, Any]], object] | None = None) -> Ending:
    """Run one file as `__main__`, with its folder last on the path so that it shadows nothing installed.

    `afterwards` gets the names that it defined and belongs to the run: what it raises ends the run.
    """
    path = folder / entry
    sys.argv = [entry]
    sys.path.append(str(folder))
    os.chdir(folder)
    module = types.ModuleType("__main__")
    module.__file__ = str(path)
    sys.modules["__main__"] = module
    stdout, stderr = sys.stdout, sys.stderr
    try:
        source = path.read_bytes()
        exec(compile(source, str(path), "exec", dont_inherit=True), vars(module))
        if afterwards is not None:
            afterwards(vars(module))
        ending = Ending("returned")
    except SystemExit as error:
        ending = Ending("system-exit", exit=_exit_code(error, stderr))
    except BaseException as error:  # a student may raise anything at all
        ending = Ending("exception", crash=describe(error, folder, entry))
        _show(error, folder, stderr)
    _finish(stdout, stderr)
    return ending


def describe(error: BaseException, folder: Path, entry: str) -> dict[str, Any]:
    """An exception as the X frame says it: the student's own frames only, the innermost last."""
    try:
        places = _places(error, folder)
    except BaseException:  # attributes of a student's exception may be anything
        places = []
    frames = [
        {"line": line, "function": function[:200], "file": None if name == entry else name}
        for name, line, function in places[-_MAX_FRAMES:]
    ]
    return {
        "type": _text(lambda: type(error).__name__, "Exception")[:200],
        "message": _text(lambda: str(error), _NO_MESSAGE)[:_MAX_MESSAGE],
        "frames": frames,
        "file": places[-1][0] if places else None,
    }


def _places(error: BaseException, folder: Path) -> list[tuple[str, int, str]]:
    """The student's own (file, line, function), outermost first. Nothing here asks the exception itself."""
    found: list[tuple[str, int, str]] = []
    trace = _TRACEBACK(error)
    while trace is not None:
        code = trace.tb_frame.f_code
        name = _own_name(code.co_filename, folder)
        if name is not None:
            found.append((name, trace.tb_lineno, code.co_name))
        trace = trace.tb_next
    if issubclass(type(error), SyntaxError):  # it has no frame: the line was never reached
        found += _place_of_syntax(error, folder)
    return found


def _place_of_syntax(error: Any, folder: Path) -> list[tuple[str, int, str]]:
    name = _own_name(str(error.filename), folder)
    return [] if name is None else [(name, int(error.lineno or 1), "<module>")]


def _own_name(path: str, folder: Path) -> str | None:
    """The name of one of the student's files below the folder; None for any other file."""
    prefix = f"{folder}/"
    return path[len(prefix) :] if path.startswith(prefix) else None


def _text(read: Any, otherwise: str) -> str:
    """What `read` gives, as plain text; a student's `__str__` may do anything."""
    try:
        value = read()
        return str.__str__(value) if isinstance(value, str) else otherwise
    except BaseException:
        return otherwise


def _show(error: BaseException, folder: Path, stream: Any) -> None:
    """Print the traceback as Python would, without the frames of the worker that called the script."""
    try:
        trace = _TRACEBACK(error)
        while trace is not None and _own_name(trace.tb_frame.f_code.co_filename, folder) is None:
            trace = trace.tb_next
        traceback.print_exception(type(error), error, trace, file=stream)
    except BaseException:
        return


def _exit_code(error: SystemExit, stream: Any) -> int:
    """What Python would leave with: a message that is not a number is printed and means 1."""
    if error.code is None:
        return 0
    if isinstance(error.code, int):
        return int(error.code) & 0xFF
    try:
        print(error.code, file=stream)
    except BaseException:
        return 1
    return 1


def _finish(*streams: Any) -> None:
    """What Python does after the last line: threads get a moment, exit functions run, output is flushed."""
    deadline = time.monotonic() + _GRACE_SECONDS
    try:
        for thread in threading.enumerate():
            if thread is not threading.main_thread() and not thread.daemon:
                thread.join(max(0.0, deadline - time.monotonic()))
        atexit._run_exitfuncs()
    except BaseException:
        pass  # whatever an exit function raises, the script itself is over
    for stream in (*streams, sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:
            continue
