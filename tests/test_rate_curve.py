"""The learning rate as a curve: nothing for a rate that never changes, jumps as jumps, bounded."""

from __future__ import annotations

from grader.assembly import curves
from grader.trace import OptimizerFacts, Point, RateFacts, Trace
from grader.worker.curve import MAX_POINTS
from grader.worker.rates import Rates


def curve_of(*values: float) -> list[tuple[float, float]]:
    """What is kept of a rate that has these values, one a step."""
    rates = Rates()
    for value in values:
        rates.note(value)
    return [(point["step"], point["value"]) for point in rates.curve()]


def test_a_rate_that_never_changes_is_no_curve() -> None:
    """There is nothing to see in a level line."""
    assert curve_of(*[0.1] * 50) == []
    assert curve_of() == []


def test_a_jump_is_a_jump() -> None:
    """The step before it still has the old rate, and the curve goes to the last step."""
    assert curve_of(*[0.1] * 10, *[0.01] * 10) == [(1, 0.1), (10, 0.1), (11, 0.01), (20, 0.01)]


def test_a_rate_that_moves_all_the_time_stays_bounded() -> None:
    """Means of neighbours, as for the loss, and never more points than a curve may have."""
    points = curve_of(*(step / 1000 for step in range(1, 5001)), 7.0, 7.0)
    assert 50 <= len(points) <= MAX_POINTS
    assert points[-1] == (5002, 7.0)
    assert [step for step, _ in points] == sorted(step for step, _ in points)


def test_the_result_has_the_rate_of_the_busiest_optimizer() -> None:
    """Beside the loss; no curve where its rate never changed."""
    moving = RateFacts(curve=(Point(1, 0.1), Point(2, 0.01)))
    small = OptimizerFacts("SGD", 3, 5, 1, 1, 1, rates=moving)
    large = OptimizerFacts("Adam", 4, 50, 1, 1, 1)
    assert curves(Trace(optimizers=(small, large))) == {"loss": ()}
    assert curves(Trace(optimizers=(small,)))["lr"] == ((1, 0.1), (2, 0.01))
