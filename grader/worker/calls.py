"""The calls of a loop in the order in which they came: they explain a finding, they never decide one."""

from __future__ import annotations

Call = tuple[str, int | None]

MAX_CALLS = 24
#: how much of a single step is kept before repeats are folded
MAX_KEPT = 512
#: longest round of calls that is recognised as a repeat
MAX_ROUND = 8


class Calls:
    """One list for all optimizers; each remembers where its last step was."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._dropped = 0

    @property
    def now(self) -> int:
        """A position: everything noted later comes after it."""
        return self._dropped + len(self._calls)

    def note(self, name: str, line: int | None) -> None:
        """Remember a call."""
        self._calls.append((name, line))
        if len(self._calls) > 2 * MAX_KEPT:
            del self._calls[:MAX_KEPT]
            self._dropped += MAX_KEPT

    def between(self, start: int, end: int) -> tuple[Call, ...]:
        """The calls from one position to another, repeats folded."""
        part = self._calls[max(0, start - self._dropped) : max(0, end - self._dropped)]
        return fold(part)


def fold(calls: list[Call]) -> tuple[Call, ...]:
    """Rounds of calls that come again at once are kept once: micro-batches, line searches."""
    if len(calls) == len(set(calls)) and len(calls) <= MAX_CALLS:
        return tuple(calls)
    kept: list[Call] = []
    for call in calls:
        kept.append(call)
        for size in range(1, MAX_ROUND + 1):
            if len(kept) >= 2 * size and kept[-size:] == kept[-2 * size : -size]:
                del kept[-size:]
                break
    return tuple(kept[-MAX_CALLS:])
