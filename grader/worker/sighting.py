"""Something seen a number of times, and the student's line where it was first seen."""

from __future__ import annotations


class Sighting:
    """A count and a line."""

    def __init__(self) -> None:
        self.count = 0
        self.line: int | None = None

    def note(self, line: int | None) -> None:
        """Seen once more."""
        if self.line is None:
            self.line = line
        self.count += 1

    def as_dict(self) -> dict[str, object]:
        return {"count": self.count, "line": self.line}
