"""One step of the loop as it was observed, beside the step that was expected."""

from __future__ import annotations

from collections.abc import Sequence

from .model import Check
from .result import StepEvent, Timeline
from .trace import Event, Outcome, StepPattern, Trace

EXPECTED = ("zero_grad", "forward", "loss", "backward", "step")


def timeline(trace: Trace | None, leading: Check | None) -> Timeline:
    """Draw the step that shows the leading mistake, or the usual step; empty when none was taken."""
    pattern = _choose(trace, leading) if trace else None
    if pattern is None or not pattern.events:
        return Timeline()
    observed = _rotate([event for event in pattern.events if event.name in EXPECTED])
    marked = tuple(
        StepEvent(event.name, event.line, "misplaced" if _misplaced(observed, index, pattern) else "seen")
        for index, event in enumerate(observed)
    )
    names = {event.name for event in observed}
    if pattern.outcome is Outcome.FRESH:
        names.add("zero_grad")  # cleared in a way that is no call, e.g. `p.grad = None`
    expected = tuple(StepEvent(name, None, "seen" if name in names else "missing") for name in EXPECTED)
    return Timeline(marked, expected)


def _choose(trace: Trace, leading: Check | None) -> StepPattern | None:
    candidates = trace.with_outcome(leading.shows) if leading and leading.shows else ()
    usual = sorted(trace.patterns, key=lambda pattern: (-pattern.count, pattern.first))
    return next(iter((*candidates, *usual)), None)


def _rotate(events: Sequence[Event]) -> list[Event]:
    """Begin where the loop's body begins: at the event with the smallest line."""
    if not events:
        return []
    start = min(range(len(events)), key=lambda index: (events[index].line or 10**9, index))
    return [*events[start:], *events[:start]]


def _misplaced(events: Sequence[Event], index: int, pattern: StepPattern) -> bool:
    event = events[index]
    before = [earlier.name for earlier in events[:index]]
    if event.name == "step":
        return "backward" not in before and any(later.name == "backward" for later in events[index:])
    if event.name == "zero_grad" and pattern.outcome is Outcome.WIPED:
        return pattern.cleared_line is None or event.line == pattern.cleared_line
    return False
