"""How far a batch is: a live line on a terminal, a line each elsewhere, nothing when quiet."""

from __future__ import annotations

import io

import pytest

from grader.batch_progress import BatchProgress
from grader.summary import Row

from .sample_results import full_marks, not_cleared


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def after(stream: io.StringIO, *rows: Row, quiet: bool = False, total: int = 300) -> str:
    progress = BatchProgress(total, 2, quiet, stream)
    progress.begin()
    for row in rows:
        progress.add(row)
    progress.end()
    return stream.getvalue()


ROWS = (Row("a.py", full_marks()), Row("b.py", not_cleared()), Row("c.py", reason="a folder without Python"))


def test_elsewhere_each_submission_is_a_line() -> None:
    """As a log of CI keeps it; no escape is in it."""
    lines = after(io.StringIO(), *ROWS).splitlines()
    assert [line.split()[:2] for line in lines] == [["[1/300]", "a.py"], ["[2/300]", "b.py"], ["[3/300]", "c.py"]]
    assert "gradients-not-cleared" in lines[1]
    assert "\x1b" not in "".join(lines)


def test_a_terminal_shows_done_running_failed_and_keeps_what_failed() -> None:
    """The live line is taken away at the end; who did not pass stays on the screen."""
    text = after(Terminal(), *ROWS)
    assert "3 of 300 done · 2 running · 2 failed" in text
    assert "b.py" in text.replace("\r", "\n")
    assert text.endswith("\r\x1b[2K")


def test_quiet_is_quiet() -> None:
    """On either."""
    assert after(Terminal(), *ROWS, quiet=True) == after(io.StringIO(), *ROWS, quiet=True) == ""


@pytest.mark.parametrize(("seconds", "left"), [(1, "9 s"), (9, "81 s"), (90, "14 min"), (1200, "3 h 0 min")])
def test_time_left_is_what_the_pace_so_far_says(seconds: float, left: str) -> None:
    """In seconds, minutes, or hours and minutes; before the first is done nobody knows."""
    progress = BatchProgress(10, 2, stream=io.StringIO())
    assert "left" not in progress.text(5)
    progress.add(ROWS[0])
    assert progress.text(seconds) == f"1 of 10 done · 2 running · 0 failed · {left} left"


def test_nobody_runs_when_all_is_done() -> None:
    """The last ones run alone."""
    progress = BatchProgress(3, 2, stream=io.StringIO())
    progress.add(ROWS[0])
    progress.add(ROWS[0])
    assert "1 running" in progress.text(2.0)
