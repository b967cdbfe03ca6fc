"""Progress on stderr: a live line on a terminal, plain lines elsewhere, nothing when quiet."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from typing import TextIO

from .model import Progress

#: seconds between two plain lines where no terminal shows a live one
PLAIN_SECONDS = 10.0


@dataclass
class ProgressLine:
    """Shows how far one run has come; epoch, step and loss are what the worker says."""

    name: str
    stream: TextIO = field(default_factory=lambda: sys.stderr)
    quiet: bool = False
    _started: float = field(default_factory=time.monotonic)
    _shown: float = 0.0
    _live: bool = False

    def __call__(self, progress: Progress) -> None:
        if self.quiet:
            return
        if self.stream.isatty():
            self._live = True
            self._write(f"\r\x1b[2K{self._text(progress)}")
        elif time.monotonic() - max(self._shown, self._started) >= PLAIN_SECONDS:
            self._shown = time.monotonic()
            self._write(self._text(progress) + "\n")

    def done(self) -> None:
        """Take the live line away."""
        if self._live:
            self._write("\r\x1b[2K")

    def _text(self, progress: Progress) -> str:
        loss = f" · loss {progress.loss:.4f}" if progress.loss is not None else ""
        seconds = time.monotonic() - self._started
        return f"{self.name}: epoch {progress.epoch} · step {progress.step}{loss} · {seconds:.0f} s"

    def _write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()
