"""How far a batch is, on stderr: a live line on a terminal, a line for each submission elsewhere."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from typing import TextIO

from .batch import failed, line_for
from .summary import Row


@dataclass
class BatchProgress:
    """Done, running, failed and time left, out of `total`, `at_once` of them at a time."""

    total: int
    at_once: int
    quiet: bool = False
    stream: TextIO = field(default_factory=lambda: sys.stderr)
    _started: float = field(default_factory=time.monotonic)
    _done: int = 0
    _failed: int = 0

    def begin(self) -> None:
        """Say that something is under way, before the first is done."""
        self._show()

    def add(self, row: Row) -> None:
        """One more is done."""
        self._done += 1
        self._failed += failed(row)
        if self.quiet:
            return
        if self.stream.isatty():
            if failed(row):
                self._write(f"\r\x1b[2K{line_for(row)}\n")
            self._show()
        else:
            self._write(f"[{self._done}/{self.total}] {line_for(row)}\n")

    def end(self) -> None:
        """Take the live line away."""
        if not self.quiet and self.stream.isatty():
            self._write("\r\x1b[2K")

    def _show(self) -> None:
        if not self.quiet and self.stream.isatty() and self._done < self.total:
            self._write(f"\r\x1b[2K{self.text(time.monotonic() - self._started)}")

    def text(self, seconds: float) -> str:
        """The live line, `seconds` after the start."""
        running = min(self.at_once, self.total - self._done)
        left = f" · {_duration(seconds / self._done * (self.total - self._done))} left" if self._done else ""
        return f"{self._done} of {self.total} done · {running} running · {self._failed} failed{left}"

    def _write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()


def _duration(seconds: float) -> str:
    """`40 s`, `3 min`, `2 h 5 min`: as exact as a guess can be."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
