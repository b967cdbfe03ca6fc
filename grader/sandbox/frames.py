"""Bytes from a worker -> frames, each bounded by its kind; a stream that breaks the format is not read on."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

_HEADER = struct.Struct("<cI")
#: the most bytes that a frame of each kind may carry; logits, weights and snapshots only while they are awaited
LIMITS = {
    "H": 65_536, "B": 0, "P": 1_024, "T": 8_000_000, "C": 0, "X": 262_144, "E": 1_024,
    "A": 8_192, "L": 0, "W": 0, "S": 0,
}  # fmt: skip


@dataclass(frozen=True)
class Message:
    """One frame: its kind and its payload."""

    kind: str
    payload: bytes


class FrameReader:
    """Cuts a stream into frames. `broken` says why it stopped; from then on everything is thrown away."""

    def __init__(self) -> None:
        self.limits = dict(LIMITS)
        self.broken: str | None = None
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Message]:
        """Frames that are complete now. Lazy, so that a frame may change the limits for the one after it."""
        if self.broken is not None:
            return
        self._buffer += data
        while (message := self._next()) is not None:
            yield message

    def _next(self) -> Message | None:
        if self.broken is not None or len(self._buffer) < _HEADER.size:
            return None
        letter, length = _HEADER.unpack_from(self._buffer)
        kind = letter.decode("latin-1")
        if kind not in self.limits:
            self._break(f"a frame of unknown kind {kind!r}")
            return None
        if length > self.limits[kind]:
            self._break(f"a frame of kind {kind} with {length} bytes, more than {self.limits[kind]}")
            return None
        end = _HEADER.size + length
        if len(self._buffer) < end:
            return None
        payload = bytes(self._buffer[_HEADER.size : end])
        del self._buffer[:end]
        return Message(kind, payload)

    def _break(self, reason: str) -> None:
        self.broken = reason
        self._buffer.clear()


def pack(kind: str, payload: bytes = b"") -> bytes:
    """One frame for the worker."""
    return _HEADER.pack(kind.encode("ascii"), len(payload)) + payload
