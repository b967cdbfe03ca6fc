"""Tolerance bounds, against published tables and against plain simulation."""

from __future__ import annotations

import random

import pytest

from grader.authoring.tolerance import factor, highest_loss, lower_bound, lowest_accuracy, share_below_lowest


@pytest.mark.parametrize(
    ("runs", "share", "expected"),
    [(10, 0.01, 3.981), (30, 0.01, 3.064), (20, 0.05, 2.396), (2, 0.1, 20.581), (3, 0.1, 6.155), (30, 0.001, 4.022)],
)
def test_factors_are_those_of_the_tables(runs: int, share: float, expected: float) -> None:
    """One-sided K at 95 % confidence: Natrella's table A-7, Owen's tables."""
    assert factor(runs, share) == pytest.approx(expected, abs=0.001)


def test_the_bound_covers_as_often_as_it_claims() -> None:
    """Of 2000 samples of 30 normal values, about 95 % give a bound below the quantile of 1 in 1000."""
    draw = random.Random(0)
    quantile = -3.0902
    k = factor(30)
    covered = 0
    for _ in range(2000):
        values = [draw.gauss(0, 1) for _ in range(30)]
        mean = sum(values) / 30
        deviation = (sum((value - mean) ** 2 for value in values) / 29) ** 0.5
        covered += mean - k * deviation <= quantile
    assert covered / 2000 == pytest.approx(0.95, abs=0.015)


def test_an_accuracy_bound_is_an_accuracy() -> None:
    """Also for perfect and for scattered runs."""
    assert 0 < lowest_accuracy([1.0, 1.0, 0.99]) < 1
    assert 0 < lowest_accuracy([0.5, 0.99]) < 0.5
    assert lowest_accuracy([0.97, 0.97, 0.97]) == pytest.approx(0.97)


def test_a_loss_bound_lies_above_all_that_was_seen() -> None:
    """And scales with the losses."""
    losses = [0.10, 0.11, 0.12]
    assert highest_loss(losses) > 0.12
    assert highest_loss([10 * loss for loss in losses]) == pytest.approx(10 * highest_loss(losses))


def test_without_a_distribution_few_runs_prove_little() -> None:
    """30 runs: up to 9.5 % below the lowest; 1 in 1000 takes 2995."""
    assert share_below_lowest(30) == pytest.approx(0.095, abs=0.0005)
    assert share_below_lowest(2995) < 0.001 < share_below_lowest(2994)


def test_more_runs_give_a_bound_closer_to_the_runs() -> None:
    """The same spread, seen more often."""
    assert lower_bound([0, 1] * 50) > lower_bound([0, 1] * 5)
