"""The observed step beside the expected one."""

from __future__ import annotations

from grader.timeline import timeline
from grader.trace import Event, Outcome, StepPattern, Trace

from .builders import make_check


def trace_of(outcome: Outcome, *events: tuple[str, int], cleared: int | None = None) -> Trace:
    usual = StepPattern(0, Outcome.FRESH, (Event("forward", 1), Event("step", 9)), 100, 0, 99)
    shown = StepPattern(0, outcome, tuple(Event(*event) for event in events), 5, 1, 5, cleared_line=cleared)
    return Trace(steps=105, patterns=(usual, shown))


def events(trace: Trace, outcome: Outcome) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    drawn = timeline(trace, make_check("a", shows=outcome))
    return (
        [(item.event, item.status) for item in drawn.observed],
        [(item.event, item.status) for item in drawn.expected],
    )


def test_a_step_without_clearing_shows_the_gap() -> None:
    """The expected side says which call is missing."""
    trace = trace_of(Outcome.STALE, ("forward", 3), ("loss", 4), ("backward", 5), ("step", 6))
    observed, expected = events(trace, Outcome.STALE)
    assert [name for name, _ in observed] == ["forward", "loss", "backward", "step"]
    assert expected[0] == ("zero_grad", "missing")
    assert {status for _, status in expected[1:]} == {"seen"}


def test_clearing_between_backward_and_step_is_misplaced() -> None:
    """All calls are there; one stands in the wrong place."""
    trace = trace_of(
        Outcome.WIPED, ("forward", 3), ("loss", 4), ("backward", 5), ("zero_grad", 6), ("step", 7), cleared=6
    )
    observed, expected = events(trace, Outcome.WIPED)
    assert ("zero_grad", "misplaced") in observed
    assert {status for _, status in expected} == {"seen"}


def test_a_step_before_backward_is_drawn_in_the_order_of_the_lines() -> None:
    """What lies between two steps begins with the old backward; the loop's body does not."""
    trace = trace_of(Outcome.EMPTY, ("backward", 7), ("forward", 3), ("loss", 4), ("zero_grad", 5), ("step", 6))
    observed, _ = events(trace, Outcome.EMPTY)
    assert [name for name, _ in observed] == ["forward", "loss", "zero_grad", "step", "backward"]
    assert ("step", "misplaced") in observed


def test_a_correct_loop_that_clears_without_a_call_misses_nothing() -> None:
    """`p.grad = None` is no call, and right all the same."""
    fresh = StepPattern(0, Outcome.FRESH, (Event("backward", 2), Event("step", 3)), 9, 0, 8)
    drawn = timeline(Trace(steps=9, patterns=(fresh,)), None)
    assert ("zero_grad", "seen") in [(item.event, item.status) for item in drawn.expected]


def test_without_a_step_there_is_nothing_to_draw() -> None:
    """No trace, or no optimizer step in it."""
    assert timeline(None, None).observed == ()
    assert timeline(Trace(), None).observed == ()
