"""A curve of at most 200 points, whatever the number of values."""

from __future__ import annotations

import math

MAX_POINTS = 200


class Curve:
    """Means over buckets; when there are too many buckets, neighbours are merged and new ones are twice as long."""

    def __init__(self) -> None:
        self._size = 1
        #: [step of the first value, sum, number of values]
        self._buckets: list[list[float]] = []

    def add(self, step: int, value: float) -> None:
        """One more value; what is not finite has no place on a curve."""
        if not math.isfinite(value):
            return
        if self._buckets and self._buckets[-1][2] < self._size:
            last = self._buckets[-1]
            last[1] += value
            last[2] += 1
            return
        if len(self._buckets) == MAX_POINTS:
            self._halve()
        self._buckets.append([step, value, 1])

    def _halve(self) -> None:
        pairs = zip(self._buckets[::2], self._buckets[1::2], strict=True)
        self._buckets = [[a[0], a[1] + b[1], a[2] + b[2]] for a, b in pairs]
        self._size *= 2

    def points(self) -> list[dict[str, float]]:
        """What to show."""
        means = [(int(step), total / count) for step, total, count in self._buckets]
        return [{"step": step, "value": mean} for step, mean in means if math.isfinite(mean)]
