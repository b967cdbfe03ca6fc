"""Progress on stderr: a live line on a terminal, plain lines elsewhere, nothing when quiet."""

from __future__ import annotations

import re
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO

from .model import Progress
from .words import one_line

#: seconds between two plain lines where no terminal shows a live one
PLAIN_SECONDS = 10.0
#: `for epoch in range(5)`, also around `tqdm(...)` or `1, 6`, and `NUM_EPOCHS = 5`
_LOOP = re.compile(
    r"^[ \t]*for[ \t]+(\w+)[ \t]+in[ \t]+(?:[\w.]+\()?range\([ \t]*(?:(\d{1,4})[ \t]*,[ \t]*)?"
    r"([A-Za-z_]\w*|\d{1,4})[ \t]*(\+[ \t]*1)?[ \t]*[,)]",
    re.MULTILINE,
)
_NAMED = re.compile(r"^[ \t]*([A-Za-z_]\w*)[ \t]*(?::[ \t]*int[ \t]*)?=[ \t]*(\d{1,4})\b", re.MULTILINE)
_EPOCH = re.compile(r"epoch|[ée]poca|^ep?$", re.IGNORECASE)


def epochs_in(text: str) -> int | None:
    """How many epochs a text says that it trains, read as letters: a guess, for the time left and nothing else."""
    named = {name: int(number) for name, number in _NAMED.findall(text)}
    for variable, start, stop, more in _LOOP.findall(text):
        if _EPOCH.search(variable) or _EPOCH.search(stop):
            end = int(stop) if stop.isdigit() else named.get(stop)
            count = (end or 0) + bool(more) - int(start or 0)
            return count if end is not None and count > 0 else None
    return None


@dataclass
class Pace:
    """How long training will still take, where the number of its epochs is known: judged by the epochs so far."""

    epochs: int | None
    #: epoch, step and time of the first that was heard of it
    _first: tuple[int, int, float] | None = None
    #: the newest epoch, and the step at which it was first heard of
    _newest: tuple[int, int] = (0, 0)

    def seconds_left(self, progress: Progress, now: float) -> float | None:
        """None until an epoch is over, and where there are more epochs than were expected."""
        epoch, step, began = self._first = self._first or (progress.epoch, progress.step, now)
        if progress.epoch != self._newest[0]:
            self._newest = (progress.epoch, progress.step)
        over, taken = progress.epoch - epoch, progress.step - step
        if self.epochs is None or over < 1 or taken < 1 or progress.epoch > self.epochs:
            return None
        wanted = (self._newest[1] - step) / over * (self.epochs - epoch + 1)
        return max(wanted - taken, 0.0) * (now - began) / taken


@dataclass
class ProgressLine:
    """Shows how far one run has come; epoch, step and loss are what the worker says."""

    name: str
    stream: TextIO = field(default_factory=lambda: sys.stderr)
    quiet: bool = False
    pace: Pace = field(default_factory=lambda: Pace(None))
    clock: Callable[[], float] = time.monotonic
    _started: float | None = None
    _shown: float = 0.0
    _live: bool = False

    def expect(self, *texts: str) -> None:
        """The texts that say how many epochs there will be; the first that says so counts."""
        self.pace = Pace(next((found for text in texts if (found := epochs_in(text))), None))

    def __call__(self, progress: Progress) -> None:
        now = self.clock()
        self._started = now if self._started is None else self._started
        text = self._text(progress, now)
        if self.quiet:
            return
        if self.stream.isatty():
            self._live = True
            width = shutil.get_terminal_size().columns
            self._write(f"\r\x1b[2K{text[: max(width - 1, 20)]}")
        elif now - max(self._shown, self._started) >= PLAIN_SECONDS:
            self._shown = now
            self._write(f"{text}\n")

    def say(self, text: str) -> None:
        """A line that stays, above the live one."""
        if not self.quiet:
            self.done()
            self._live = False
            self._write(f"{one_line(self.name, 60)}: {text}\n")

    def done(self) -> None:
        """Take the live line away."""
        if self._live:
            self._write("\r\x1b[2K")

    def _text(self, progress: Progress, now: float) -> str:
        of = f" of {self.pace.epochs}" if self.pace.epochs and progress.epoch <= self.pace.epochs else ""
        left = self.pace.seconds_left(progress, now)
        loss = f" · loss {progress.loss:.4f}" if progress.loss is not None else ""
        still = f" · about {left:.0f} s left" if left is not None else ""
        seconds = now - (self._started or now)
        name = one_line(self.name, 60)
        return f"{name}: epoch {progress.epoch}{of} · step {progress.step}{loss} · {seconds:.0f} s{still}"

    def _write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()
