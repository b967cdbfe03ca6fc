"""What was seen of a worker -> how the run ended and whose doing that was."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass, replace

from ..model import Blame, Crash, Frame, Limits, RunStatus
from .backend import Ended
from .claims import End
from .supervisor import Stop

#: what torch and Python say when memory is refused
_MEMORY_TYPES = ("MemoryError", "OutOfMemoryError")
_MEMORY_WORDS = ("can't allocate memory", "not enough memory", "Cannot allocate memory", "std::bad_alloc")
_CRASHES = {
    signal.SIGSEGV: "Segmentation fault",
    signal.SIGABRT: "Aborted",
    signal.SIGFPE: "Floating point exception",
    signal.SIGBUS: "Bus error",
    signal.SIGILL: "Illegal instruction",
}
_STACK_LINE = re.compile(r'  File "(?P<file>.+)", line (?P<line>\d{1,9}) in (?P<function>.+)')
_MAX_FRAMES = 50


@dataclass(frozen=True)
class Seen:
    """Everything that decides. `faults`: what faulthandler wrote; `folder`, `entry`: where the script lay."""

    limits: Limits
    began: bool
    stopped: Stop | None = None
    ended: Ended | None = None
    end: End | None = None
    crash: Crash | None = None
    #: optimizer steps that the trace claims
    steps: int = 0
    faults: str = ""
    stderr: str = ""
    folder: str = "/work"
    entry: str = "submission.py"


@dataclass(frozen=True)
class Outcome:
    """The part of a Run that is judged, not measured."""

    status: RunStatus
    blame: Blame | None = Blame.STUDENT
    exit_code: int | None = None
    crash: Crash | None = None
    last_line: int | None = None
    limit: float | None = None
    reason: str | None = None


def judge(seen: Seen) -> Outcome:
    """From the surest to the weakest: what we did, what the worker said, how its process ended."""
    if not seen.began:
        return _failed_to_start(seen)
    if seen.stopped is not None:
        return _stopped(seen, seen.stopped)
    if seen.end is not None:
        return _said(seen, seen.end)
    return _left(seen)


def stack(faults: str, folder: str, entry: str) -> tuple[Frame, ...]:
    """The student's frames in the last stack that faulthandler wrote, the innermost last.

    The main thread's stack is the last one; the first line of a stack is the innermost call.
    """
    stacks: list[list[Frame]] = [[]]
    for line in faults.splitlines():
        found = _STACK_LINE.fullmatch(line)
        if found is None:
            stacks.append([])
        elif found["file"].startswith(f"{folder}/"):
            name = found["file"].removeprefix(f"{folder}/")
            file = None if name == entry else name
            stacks[-1].append(Frame(int(found["line"]), found["function"][:200], file))
    own = [frames for frames in stacks if frames]
    return tuple(reversed(own[-1][:_MAX_FRAMES])) if own else ()


def _failed_to_start(seen: Seen) -> Outcome:
    if seen.stopped is Stop.START:
        why = "the worker was not ready in time"
    elif seen.ended is not None:
        code, number = seen.ended.code, seen.ended.signal
        how = f"exit code {code}" if number is None else f"signal {number}"
        why = f"the worker ended with {how} before the submission began"
    else:
        why = "the worker was stopped before the submission began"
    last = next((line for line in reversed(seen.stderr.splitlines()) if line.strip()), "")
    return Outcome(RunStatus.SANDBOX_FAILED, Blame.GRADER, reason=f"{why}: {last}" if last else why)


def _stopped(seen: Seen, reason: Stop) -> Outcome:
    limits, frames = seen.limits, stack(seen.faults, seen.folder, seen.entry)
    last_line = next((frame.line for frame in reversed(frames) if frame.file is None), None)
    outcomes = {
        Stop.WALL: Outcome(RunStatus.TIMED_OUT, last_line=last_line, limit=limits.wall_seconds),
        Stop.CPU: Outcome(RunStatus.TIMED_OUT, last_line=last_line, limit=limits.cpu_seconds),
        Stop.MEMORY: Outcome(RunStatus.OUT_OF_MEMORY, limit=float(limits.memory_mb)),
        Stop.FLOOD: Outcome(RunStatus.OUTPUT_FLOOD, limit=float(limits.output_bytes)),
        Stop.PROCESSES: Outcome(
            RunStatus.KILLED, limit=float(limits.processes), reason=f"more than {limits.processes} processes"
        ),
        Stop.DISK: Outcome(
            RunStatus.KILLED, limit=float(limits.disk_mb), reason=f"more than {limits.disk_mb} MB of files"
        ),
        Stop.FILES: Outcome(RunStatus.KILLED, limit=float(limits.files), reason=f"more than {limits.files} files"),
    }
    return outcomes[reason]


def _said(seen: Seen, end: End) -> Outcome:
    if end.reason in ("returned", "enough", "built"):
        return Outcome(RunStatus.COMPLETED, blame=None, exit_code=0)
    if end.reason == "exception":
        return _crashed(seen, seen.crash or Crash("Exception", ""))
    code = end.exit or 0
    if code == 0 and seen.steps > 0:  # `sys.exit()` as the last line of a script that did train
        return Outcome(RunStatus.COMPLETED, blame=None, exit_code=0)
    return Outcome(RunStatus.EXITED, exit_code=code)


def _crashed(seen: Seen, crash: Crash) -> Outcome:
    memory = crash.type in _MEMORY_TYPES or any(word in crash.message for word in _MEMORY_WORDS)
    if memory:
        return Outcome(RunStatus.OUT_OF_MEMORY, crash=crash, limit=float(seen.limits.memory_mb), exit_code=1)
    return Outcome(RunStatus.CRASHED, crash=crash, exit_code=1)


def _left(seen: Seen) -> Outcome:
    """The process is gone and never said that the submission was over."""
    ended = seen.ended or Ended()
    if ended.signal is None:
        if seen.crash is None:
            return Outcome(RunStatus.EXITED, exit_code=ended.code)
        return replace(_crashed(seen, seen.crash), exit_code=ended.code)
    if ended.signal == signal.SIGXCPU:
        return Outcome(RunStatus.TIMED_OUT, limit=seen.limits.cpu_seconds)
    if ended.signal == signal.SIGABRT and "std::bad_alloc" in seen.stderr:
        return Outcome(RunStatus.OUT_OF_MEMORY, limit=float(seen.limits.memory_mb))
    name = next((words for number, words in _CRASHES.items() if number == ended.signal), None)
    if name is not None:
        return Outcome(RunStatus.CRASHED, crash=Crash(name, "", stack(seen.faults, seen.folder, seen.entry)))
    return Outcome(RunStatus.KILLED, reason=f"ended by signal {ended.signal}")
