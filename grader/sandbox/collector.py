"""Frames as they come -> what the worker has claimed so far: each claim at most once, and in its turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..model import Crash, Progress
from . import claims
from .frames import FrameReader, Message

#: at most this many calls of on_progress in a second
_PROGRESS_RATE = 10.0


@dataclass
class Collector:
    """Everything that came through the pipe of frames. Nothing in it is proof."""

    on_progress: Callable[[Progress], None] | None = None
    #: bytes of traces and progress that are looked at; more is thrown away
    trace_bytes: int = 64_000_000
    reader: FrameReader = field(default_factory=FrameReader)
    layers: tuple[str, ...] | None = None
    canary: Mapping[str, bool] | None = None
    began: float | None = None
    ended: float | None = None
    end: claims.End | None = None
    crash: Crash | None = None
    trace: bytes | None = None
    #: the worker waits to be told whether to go on
    waits: bool = False
    answer: claims.Answer | None = None
    logits: bytes | None = None
    weights: bytes | None = None
    #: weights that a probe call sent, at most so many
    snapshots: list[bytes] = field(default_factory=list)
    most_snapshots: int = 0
    #: images that are being asked about; answers are let in only then
    asked: int | None = None
    #: bytes that came, whatever they were
    total: int = 0
    #: why claims were thrown away
    notes: list[str] = field(default_factory=list)
    _last_progress: float = 0.0

    def feed(self, data: bytes) -> None:
        """Take bytes from the pipe."""
        self.total += len(data)
        was_broken = self.reader.broken
        for message in self.reader.feed(data):
            self._take(message)
        if self.reader.broken is not None and was_broken is None:
            self.notes.append(f"the worker's frames broke the format: {self.reader.broken}")

    def ask(self, images: int) -> None:
        """Let one answer in, and logits for that many images."""
        self.asked, self.answer, self.logits, self.weights = images, None, None, None

    def ask_for_weights(self, most_bytes: int) -> None:
        """Let in one frame of weights, or a word on why there are none."""
        self.asked, self.answer, self.logits, self.weights = 0, None, None, None
        self.reader.limits["W"] = most_bytes

    def expect(self, snapshots: int, most_bytes: int) -> None:
        """Let snapshots of a probe call in."""
        self.most_snapshots = snapshots
        self.reader.limits["S"] = most_bytes

    def has_answer(self) -> bool:
        """Whether the answer is complete."""
        refused = self.answer is not None and self.answer.reason is not None
        return refused or self.logits is not None or self.weights is not None

    def _take(self, message: Message) -> None:
        if message.kind == "H" and self.layers is None:
            self.layers = claims.read_hello(message.payload)
            self.canary = claims.read_canary(message.payload)
        elif message.kind == "B" and self.layers is not None and self.began is None:
            self.began = time.monotonic()
        elif self.began is not None and self.end is None:
            self._take_of_the_run(message)
        elif self.end is not None and self.asked is not None:
            self._take_of_an_answer(message)

    def _take_of_the_run(self, message: Message) -> None:
        if message.kind in "TPS" and self.total > self.trace_bytes:
            self._note_once("the worker sent more of a trace than the limit lets in")
        elif message.kind == "T":
            self.trace = message.payload
        elif message.kind == "C":
            self.waits = True
        elif message.kind == "S" and len(self.snapshots) < self.most_snapshots:
            self.snapshots.append(message.payload)
        elif message.kind == "P":
            self._report(claims.read_progress(message.payload))
        elif message.kind == "X" and self.crash is None:
            self.crash = claims.read_crash(message.payload)
        elif message.kind == "E":
            self.end = claims.read_end(message.payload)
            self.ended = time.monotonic() if self.end is not None else None

    def _take_of_an_answer(self, message: Message) -> None:
        if message.kind == "A" and self.answer is None:
            self.answer = claims.read_answer(message.payload, self.asked or 0)
            self.reader.limits["L"] = self.answer.rows * self.answer.columns * 4
        elif message.kind == "L" and self.logits is None and self.reader.limits["L"]:
            self.logits = message.payload
            self.reader.limits["L"] = 0
        elif message.kind == "W" and self.weights is None and self.reader.limits["W"]:
            self.weights = message.payload
            self.reader.limits["W"] = 0

    def _report(self, progress: Progress | None) -> None:
        now = time.monotonic()
        if progress is None or self.on_progress is None or now - self._last_progress < 1 / _PROGRESS_RATE:
            return
        self._last_progress = now
        self.on_progress(progress)

    def _note_once(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)
