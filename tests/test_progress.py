"""The live line: epoch of how many, step, loss, and the time left once an epoch is over."""

from __future__ import annotations

import io
import re

import pytest

from grader.model import Progress
from grader.progress import PLAIN_SECONDS, Pace, ProgressLine, epochs_in


class Terminal(io.StringIO):
    """A stream that says that somebody watches it."""

    def isatty(self) -> bool:
        return True


class Clock:
    """A clock that the test sets."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("text", "epochs"),
    [
        ("for epoch in range(5):\n    pass", 5),
        ("NUM_EPOCHS = 12\nfor i in range(NUM_EPOCHS):", 12),
        ("n_epochs: int = 3\nfor e in tqdm(range(n_epochs)):", 3),
        ("EPOCHS = 4\nfor epoch in range(1, EPOCHS + 1):", 4),
        ("    for época in range(1, 6):", 5),
        ("for i in range(100):\n    pass\nfor epoch in range(2):", 2),
    ],
)
def test_a_text_says_how_many_epochs_it_trains(text: str, epochs: int) -> None:
    """The usual ways of writing the outer loop."""
    assert epochs_in(text) == epochs


@pytest.mark.parametrize(
    "text",
    ["", "for i in range(10):", "while True:", "for epoch in range(count):", "for epoch in range(0):", "x" * 200_000],
)
def test_where_a_text_does_not_say_nothing_is_guessed(text: str) -> None:
    """A loop over something else, a number that comes from elsewhere, no loop at all."""
    assert epochs_in(text) is None


def test_the_time_left_comes_from_the_epochs_so_far() -> None:
    """A fifth of the epochs took ten seconds, so the rest takes forty; in the first epoch nobody knows."""
    pace = Pace(5)
    assert pace.seconds_left(Progress(1, 0, None), 0.0) is None
    assert pace.seconds_left(Progress(1, 99, None), 9.9) is None
    assert pace.seconds_left(Progress(2, 100, None), 10.0) == pytest.approx(40.0)
    assert pace.seconds_left(Progress(2, 150, None), 15.0) == pytest.approx(35.0)
    pace.seconds_left(Progress(5, 400, None), 40.0)
    assert pace.seconds_left(Progress(5, 499, None), 49.9) == pytest.approx(0.1, abs=0.2)


def test_more_epochs_than_expected_end_the_guess() -> None:
    """A guess that turned out wrong is not held on to, and never shows less than nothing."""
    pace = Pace(2)
    pace.seconds_left(Progress(1, 0, None), 0.0)
    assert pace.seconds_left(Progress(2, 100, None), 10.0) == pytest.approx(10.0)
    assert pace.seconds_left(Progress(2, 900, None), 90.0) == 0.0
    assert pace.seconds_left(Progress(3, 1000, None), 100.0) is None


def test_a_terminal_sees_one_line_that_changes() -> None:
    """Epoch, loss and time left, each over the one before, and nothing is left at the end."""
    clock = Clock()
    line = ProgressLine("s.py", Terminal(), clock=clock)
    line.expect("for epoch in range(3): ...")
    line(Progress(1, 0, 2.3))
    clock.now += 10
    line(Progress(2, 100, 0.5))
    line.done()
    shown = line.stream.getvalue()  # type: ignore[attr-defined]
    first, second, last = re.split(r"\r\x1b\[2K", shown)[1:]
    assert first == "s.py: epoch 1 of 3 · step 0 · loss 2.3000 · 0 s"
    assert second == "s.py: epoch 2 of 3 · step 100 · loss 0.5000 · 10 s · about 20 s left"
    assert last == "" and "\n" not in shown


def test_a_log_gets_a_line_now_and_then() -> None:
    """No escapes, no more than one line in ten seconds."""
    clock = Clock()
    line = ProgressLine("s.py", io.StringIO(), clock=clock)
    for second in range(25):
        clock.now = 100.0 + second
        line(Progress(1, second, 0.5))
    line.done()
    written = line.stream.getvalue()  # type: ignore[attr-defined]
    assert written.count("\n") == int(24 // PLAIN_SECONDS)
    assert "\x1b" not in written and "\r" not in written


def test_quiet_says_nothing() -> None:
    """Neither on a terminal nor in a log."""
    stream = Terminal()
    line = ProgressLine("s.py", stream, quiet=True)
    line(Progress(1, 1, 0.5))
    line.done()
    assert stream.getvalue() == ""


def test_a_line_is_never_longer_than_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that wraps could not be taken away again."""
    monkeypatch.setenv("COLUMNS", "40")
    line = ProgressLine("a-file-with-a-very-long-name-indeed.py", Terminal())
    line(Progress(1, 1, 0.5))
    assert len(line.stream.getvalue().removeprefix("\r\x1b[2K")) < 40  # type: ignore[attr-defined]
