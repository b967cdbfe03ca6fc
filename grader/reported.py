"""Numbers that somebody reports against numbers that were recomputed: equal but for rounding, or not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from .trace import Series

#: sums in another order and in single precision differ by less
TOLERANCE = 1e-3
#: digits after the point that a report is rounded to
FEW_DECIMALS = 4


def decimals(values: Iterable[float]) -> int | None:
    """To how many digits after the point all of these are rounded, 0 to 4; None when they are not."""
    values = list(values)
    for digits in range(FEW_DECIMALS + 1):
        if all(abs(value - round(value, digits)) < 1e-9 * max(1.0, abs(value)) for value in values):
            return digits
    return None


def agree(reported: Sequence[float], computed: Sequence[float | None]) -> bool:
    """Whether these are the same numbers, up to rounding on the way."""
    if len(reported) != len(computed) or not reported:
        return False
    digits = decimals(reported)
    slack = 0.0 if digits is None else 0.51 * 10.0**-digits
    return all(
        other is not None and abs(value - other) <= TOLERANCE * abs(other) + slack
        for value, other in zip(reported, computed, strict=True)
    )


def fits(reported: Sequence[float], computed: Sequence[float | None]) -> bool:
    """The same, where the rounding leaves enough digits to tell one computation from another."""
    digits = decimals(reported)
    coarse = 0.0 if digits is None else 0.51 * 10.0**-digits
    clear = all(value is not None and (coarse <= 0.02 * abs(value)) for value in computed)
    return clear and agree(reported, computed)


def plain_values(series: Series) -> list[float]:
    """Its numbers; empty when one of them is not finite."""
    values = [value for value in series.values if value is not None]
    return values if len(values) == len(series.values) else []


def speaks_of(name: str, *words: str) -> bool:
    """Whether a name contains one of these, as a word or as the beginning of one: `valAcc` is `val_acc`."""
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    return any(re.search(rf"(?:^|[^a-zà-ÿ]){word}", plain) for word in words)
