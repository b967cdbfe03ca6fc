"""An error of the recorder's own ends the observer that it happened in, never the student's code."""

from __future__ import annotations

MAX_MESSAGE = 120
MAX_PROBLEM = 200


class Guard:
    """Counts the recorder's own errors; an observer that failed once looks away from then on."""

    def __init__(self) -> None:
        self.failed: dict[str, str] = {}
        self.errors = 0

    def note(self, observer: str, error: Exception) -> None:
        """Remember an error; an observer in `failed` does not look again."""
        self.errors += 1
        if observer not in self.failed:
            self.failed[observer] = f"{type(error).__name__}: {error}"[:MAX_MESSAGE]

    def problem(self) -> str:
        """What failed, in one line for the instructor; empty when all is well."""
        return "; ".join(f"{observer}: {error}" for observer, error in sorted(self.failed.items()))[:MAX_PROBLEM]
