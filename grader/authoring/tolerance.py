"""How low a number may fall by chance alone: one-sided tolerance bounds, with and without a distribution.

A tolerance bound covers at least a share of all future runs, with a stated confidence. Two are computed:

- for normal values: mean - K * standard deviation, with the exact K of the noncentral t distribution (NIST/SEMATECH
  e-Handbook of Statistical Methods, section 7.2.6.3; the same numbers as in Owen, Factors for one-sided tolerance
  limits, Sandia SCR-607, 1963). It reaches beyond the runs that were seen, and is as right as the normal distribution
  is: accuracies are taken on the logit scale and losses as logarithms, where runs of one program are close to normal.
- without any distribution: below the lowest of n runs lies at most a share p of all runs with confidence 1 - (1 - p)^n
  (Wilks, Annals of Mathematical Statistics 12, 1941). n runs cannot prove more than that: 30 runs leave up to 9.5 % at
  95 % confidence, and 1 in 1000 would take 2995 runs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist, fmean, stdev

SHARE, CONFIDENCE = 0.001, 0.95
#: an accuracy of 1 has no logit: half an image of 5000 is taken off
MOST = 0.9999
_STEPS = 4000


def lowest_accuracy(values: Sequence[float]) -> float:
    """The accuracy below which at most SHARE of all runs fall, with CONFIDENCE; 0 to 1, from 2 values on."""
    logits = [math.log(kept / (1 - kept)) for kept in (min(max(value, 1 - MOST), MOST) for value in values)]
    return 1 / (1 + math.exp(-lower_bound(logits)))


def highest_loss(values: Sequence[float]) -> float:
    """The loss above which at most SHARE of all runs end, with CONFIDENCE; positive, from 2 values on."""
    return math.exp(-lower_bound([-math.log(max(value, 1e-12)) for value in values]))


def lower_bound(values: Sequence[float]) -> float:
    """The normal tolerance bound of at least two values."""
    return fmean(values) - factor(len(values)) * stdev(values)


def share_below_lowest(runs: int, confidence: float = CONFIDENCE) -> float:
    """The share of all runs that may lie below the lowest of `runs`, at most, without any assumption."""
    return float(1 - (1 - confidence) ** (1 / runs))


def factor(runs: int, share: float = SHARE, confidence: float = CONFIDENCE) -> float:
    """How many standard deviations below the mean of `runs` values the bound lies (K of the tables)."""
    quantile = NormalDist().inv_cdf(1 - share)
    return _solve(lambda k: _covers(k, runs, quantile) - confidence, 0.0, 1e4)


def _covers(k: float, runs: int, quantile: float) -> float:
    """The chance that mean + K * s of normal values exceeds their quantile.

    With s = u * sigma this is the mean of Phi(sqrt(n) * (K * u - z)) over u, where u^2 (n - 1) is chi-squared.
    """
    degrees = runs - 1
    width = 8 / math.sqrt(2 * degrees)
    low, high = max(1e-9, 1 - width), 1 + width
    step = (high - low) / _STEPS
    phi = NormalDist().cdf
    points = (low + step * (index + 0.5) for index in range(_STEPS))
    return step * sum(_density(u, degrees) * phi(math.sqrt(runs) * (k * u - quantile)) for u in points)


def _density(u: float, degrees: int) -> float:
    """Of the square root of a chi-squared variable over its degrees of freedom."""
    log = (
        math.log(2)
        + degrees / 2 * math.log(degrees / 2)
        - math.lgamma(degrees / 2)
        + (degrees - 1) * math.log(u)
        - degrees * u * u / 2
    )
    return math.exp(log)


def _solve(rising: Callable[[float], float], low: float, high: float) -> float:
    """Where a rising function is zero."""
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2
