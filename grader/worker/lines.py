"""From a hook back to the line of the student's file that led to it."""

from __future__ import annotations

import sys
from types import CodeType, FrameType

MAX_FRAMES = 60


class Lines:
    """Finds the innermost frame of the entry file; a report can show no other file's lines."""

    def __init__(self, entry_path: str) -> None:
        self.entry = entry_path

    def here(self) -> int | None:
        """The student's line that is running, as seen from the caller of this method's caller."""
        entry = self.entry
        frame: FrameType | None = sys._getframe(2)
        for _ in range(MAX_FRAMES):
            if frame is None:
                return None
            if frame.f_code.co_filename == entry:
                return frame.f_lineno
            frame = frame.f_back
        return None

    def of_function(self, function: object) -> int | None:
        """Where a function of the entry file begins; None for anybody else's."""
        code = getattr(function, "__code__", None)
        return code.co_firstlineno if isinstance(code, CodeType) and code.co_filename == self.entry else None
