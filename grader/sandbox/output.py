"""One stream of a worker's: its head and its tail are kept, what lies between is counted."""

from __future__ import annotations

from ..model import Output

KEEP = 4096
_GAP = "\n[…]\n"


class Stream:
    """Bytes go in, bounded text comes out."""

    def __init__(self, keep: int = KEEP) -> None:
        self.total = 0
        self._keep = keep
        self._head = bytearray()
        self._tail = bytearray()

    def feed(self, data: bytes) -> None:
        """Take what was read."""
        self.total += len(data)
        room = max(0, self._keep - len(self._head))
        self._head += data[:room]
        self._tail += data[room:][-self._keep :]
        del self._tail[: max(0, len(self._tail) - self._keep)]

    def output(self) -> Output:
        """What was kept, as valid text, and how many bytes were not."""
        cut = self.total - len(self._head) - len(self._tail)
        if cut == 0:
            return Output(_text(self._head + self._tail))
        return Output(_text(self._head) + _GAP + _text(self._tail), cut)

    def last_line(self) -> str:
        """The last line that is not empty."""
        lines = [line.strip() for line in _text(self._head + self._tail).splitlines() if line.strip()]
        return lines[-1] if lines else ""


def _text(data: bytes | bytearray) -> str:
    return bytes(data).decode("utf-8", "replace")
