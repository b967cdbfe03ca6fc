"""How a run ended and whose doing it was, from what was seen of it."""

from __future__ import annotations

import signal

import pytest

from grader.model import Blame, Crash, Frame, Limits, RunStatus
from grader.sandbox.backend import Ended
from grader.sandbox.claims import End
from grader.sandbox.outcome import Outcome, Seen, judge, stack
from grader.sandbox.output import Stream
from grader.sandbox.supervisor import Stop

LIMITS = Limits(wall_seconds=5, cpu_seconds=9, memory_mb=700, processes=8, output_bytes=1000, disk_mb=90, files=300)
FAULTS = """Timeout (0:00:05)!
Thread 0x00007f0000000001 (most recent call first):
  File "/work/submission.py", line 99 in other
Thread 0x00007f0000000002 (most recent call first):
  File "/usr/lib/python3/torch/nn.py", line 7 in forward
  File "/work/helper.py", line 3 in helps
  File "/work/submission.py", line 12 in train
  File "/work/submission.py", line 20 in <module>
  File "/gradeloop/worker/runner.py", line 4 in run_script
"""


def _judge(**facts: object) -> Outcome:
    return judge(Seen(**{"limits": LIMITS, "began": True, **facts}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("stop", "status", "limit"),
    [
        (Stop.WALL, RunStatus.TIMED_OUT, 5),
        (Stop.CPU, RunStatus.TIMED_OUT, 9),
        (Stop.MEMORY, RunStatus.OUT_OF_MEMORY, 700),
        (Stop.FLOOD, RunStatus.OUTPUT_FLOOD, 1000),
        (Stop.PROCESSES, RunStatus.KILLED, 8),
        (Stop.DISK, RunStatus.KILLED, 90),
        (Stop.FILES, RunStatus.KILLED, 300),
    ],
)
def test_a_limit_that_ended_a_run_is_named(stop: Stop, status: RunStatus, limit: float) -> None:
    """What we stopped says by which limit, and it is the student's, whatever the worker claimed."""
    outcome = _judge(stopped=stop, crash=Crash("Fake", ""))
    assert (outcome.status, outcome.limit, outcome.blame) == (status, limit, Blame.STUDENT)


def test_the_last_line_is_the_scripts_own() -> None:
    """Of the main thread's stack the innermost line of the submission itself is told."""
    outcome = _judge(stopped=Stop.WALL, faults=FAULTS)
    assert outcome.last_line == 12
    assert stack(FAULTS, "/work", "submission.py") == (
        Frame(20, "<module>"),
        Frame(12, "train"),
        Frame(3, "helps", "helper.py"),
    )


@pytest.mark.parametrize(
    "text", ["", "garbage", 'File "/work/submission.py", line 1 in x', '  File "/work/", line x in y']
)
def test_a_stack_that_is_none_gives_nothing(text: str) -> None:
    """The pipe of faults is the student's to write to as well."""
    assert stack(text, "/work", "submission.py") == ()


@pytest.mark.parametrize(
    ("number", "name"),
    [(signal.SIGSEGV, "Segmentation fault"), (signal.SIGABRT, "Aborted"), (signal.SIGFPE, "Floating point exception"),
     (signal.SIGBUS, "Bus error")],
)  # fmt: skip
def test_a_fatal_signal_is_a_crash(number: int, name: str) -> None:
    """A crash in C has a name, and the line where faulthandler saw it."""
    outcome = _judge(ended=Ended(signal=number), faults=FAULTS)
    assert outcome.status is RunStatus.CRASHED
    assert outcome.crash is not None
    assert outcome.crash.type == name
    assert outcome.crash.frames[-1] == Frame(3, "helps", "helper.py")


def test_other_signals_have_their_meaning() -> None:
    """SIGXCPU is the processor's limit; SIGKILL and SIGSYS are killed."""
    cpu = _judge(ended=Ended(signal=signal.SIGXCPU))
    assert (cpu.status, cpu.limit) == (RunStatus.TIMED_OUT, 9)
    assert _judge(ended=Ended(signal=signal.SIGKILL)).status is RunStatus.KILLED
    assert _judge(ended=Ended(signal=signal.SIGSYS)).status is RunStatus.KILLED


@pytest.mark.parametrize(
    "crash",
    [
        Crash("MemoryError", ""),
        Crash("RuntimeError", "[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate"),
        Crash("OutOfMemoryError", "CUDA out of memory"),
    ],
)
def test_refused_memory_is_out_of_memory(crash: Crash) -> None:
    """An allocation that was refused counts as the limit, with the exception kept."""
    outcome = _judge(end=End("exception", None), crash=crash)
    assert (outcome.status, outcome.limit, outcome.crash) == (RunStatus.OUT_OF_MEMORY, 700, crash)


def test_an_exception_is_a_crash() -> None:
    """Anything else that was raised is a crash, even where the claim of what it was is lost."""
    assert _judge(end=End("exception", None), crash=Crash("ValueError", "v")).status is RunStatus.CRASHED
    assert _judge(end=End("exception", None)).status is RunStatus.CRASHED
    assert _judge(ended=Ended(code=1), crash=Crash("ValueError", "v")).status is RunStatus.CRASHED


@pytest.mark.parametrize(
    ("end", "steps", "status"),
    [
        (End("returned", None), 0, RunStatus.COMPLETED),
        (End("system-exit", 0), 3, RunStatus.COMPLETED),
        (End("system-exit", None), 3, RunStatus.COMPLETED),
        (End("system-exit", 0), 0, RunStatus.EXITED),
        (End("system-exit", 2), 3, RunStatus.EXITED),
    ],
)
def test_leaving_is_judged_by_what_was_done(end: End, steps: int, status: RunStatus) -> None:
    """sys.exit() completes a training, and ends anything before it."""
    outcome = _judge(end=end, steps=steps)
    assert outcome.status is status
    assert (outcome.blame is None) is (status is RunStatus.COMPLETED)


def test_a_process_that_is_gone_without_a_word_has_exited() -> None:
    """os._exit(0) is no completed run."""
    outcome = _judge(ended=Ended(code=0))
    assert (outcome.status, outcome.blame, outcome.exit_code) == (RunStatus.EXITED, Blame.STUDENT, 0)


def test_what_never_began_is_ours() -> None:
    """Before the student's first line everything is the grader's fault, and the reason is the last complaint."""
    late = _judge(began=False, stopped=Stop.START)
    dead = _judge(began=False, ended=Ended(code=97), stderr="Traceback\nImportError: no torch\n\n")
    assert late.blame is dead.blame is Blame.GRADER
    assert late.status is dead.status is RunStatus.SANDBOX_FAILED
    assert dead.reason == ("the worker ended with exit code 97 before the submission began: ImportError: no torch")


def test_a_short_stream_is_kept_whole() -> None:
    """Up to twice the head nothing is cut."""
    stream = Stream(keep=4)
    stream.feed(b"abc")
    stream.feed(b"defgh")
    assert (stream.output().text, stream.output().cut) == ("abcdefgh", 0)


def test_a_long_stream_keeps_head_and_tail() -> None:
    """What lies between is counted, whatever the pieces were."""
    stream = Stream(keep=4)
    for at in range(0, 1000, 7):
        stream.feed(bytes(range(97, 107))[at % 10 :][:7])
    output = stream.output()
    assert output.text.startswith("abcd\n")
    assert output.cut == stream.total - 8
    assert len(output.text) == 8 + len("\n[…]\n")


def test_text_is_always_valid() -> None:
    """Bytes that are no UTF-8, or were cut in the middle of a character, are replaced."""
    stream = Stream(keep=3)
    stream.feed("ééééé".encode() + b"\xff")
    stream.output().text.encode("utf-8")
    assert "\ufffd" in stream.output().text
