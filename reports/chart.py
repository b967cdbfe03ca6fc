"""Plain numbers -> where to draw them: paths, ticks and labels of an SVG."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

WIDTH = 370.0
HEIGHT = 180.0
MAX_POINTS = 400
#: a curve whose top is this many times its median is drawn on a logarithmic axis
SPREAD = 100.0

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Tick:
    """A mark on an axis, in drawing units."""

    at: float
    label: str


@dataclass(frozen=True)
class Chart:
    """One curve, ready to be drawn, and the numbers that a description of it needs."""

    path: str
    dots: tuple[tuple[float, float], ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    first: str
    last: str
    lowest: str
    highest: str
    logarithmic: bool = False
    #: rectangles, one for each epoch: where the reference lies
    band: str = ""


@dataclass(frozen=True)
class Span:
    """Where a value is expected to lie, from one step to another."""

    start: float
    end: float
    low: float
    high: float


def draw(
    curve: Iterable[tuple[float, float]], means: Iterable[tuple[float, float]] = (), band: Sequence[Span] = ()
) -> Chart | None:
    """Draw (step, value) points and, as dots, means over epochs; None when there is nothing to join."""
    line, dots = _clean(curve), _clean(means)
    joined = line if len(line) > 1 else dots
    if len(joined) < 2:
        return None
    values = [value for _, value in line + dots] + [value for span in band for value in (span.low, span.high)]
    right = max(step for step, _ in line + dots)
    logarithmic = _is_spread(values)
    up = _log_scale(values) if logarithmic else _linear_scale(values)
    place = _placer(right, up)
    return Chart(
        path="M" + "L".join(f"{x:g} {y:g}" for x, y in map(place, joined)),
        dots=tuple(map(place, dots)),
        across=tuple(Tick(round(tick / right * WIDTH, 1), f"{tick:g}") for tick in nice(0, right, 5)),
        up=tuple(Tick(place((0, tick))[1], f"{tick:g}") for tick in up.ticks),
        first=_short(joined[0][1]),
        last=_short(joined[-1][1]),
        lowest=_short(min(value for _, value in line + dots)),
        highest=_short(max(value for _, value in line + dots)),
        logarithmic=logarithmic,
        band="".join(_rectangle(place((span.start, span.high)), place((span.end, span.low))) for span in band),
    )


def nice(low: float, high: float, wanted: int) -> list[float]:
    """About `wanted` multiples of a round number (1, 2 or 5 times a power of ten) between low and high."""
    step = round_step(low, high, wanted)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [float(f"{index * step:.12g}") for index in range(first, last + 1)]


def round_step(low: float, high: float, wanted: int) -> float:
    """The round number (1, 2, 5 times a power of ten) of which at most `wanted` fit between low and high."""
    rough = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    return next((power * factor for factor in (1, 2, 5) if power * factor >= rough), power * 10)


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float
    ticks: tuple[float, ...]
    through: Callable[[float], float]


def _clean(points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    kept = [(float(step), float(value)) for step, value in points]
    finite = [point for point in kept if all(map(math.isfinite, point))]
    return sorted(finite[:MAX_POINTS])


def _is_spread(values: Sequence[float]) -> bool:
    middle = sorted(values)[len(values) // 2]
    return min(values) > 0 and max(values) > SPREAD * middle


def _linear_scale(values: Sequence[float]) -> _Scale:
    low, high = min(0.0, *values), max(0.0, *values)
    if high == low:
        high = low + 1.0
    step = round_step(low, high, 5)
    low, high = math.floor(low / step) * step, math.ceil(high / step - 1e-9) * step
    return _Scale(low, high, tuple(nice(low, high, 5)), lambda value: value)


def _log_scale(values: Sequence[float]) -> _Scale:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    every = max(1, math.ceil((high - low) / 6))
    ticks = tuple(10.0**power for power in range(low, high + 1, every))
    return _Scale(float(low), float(high), ticks, math.log10)


def _placer(right: float, scale: _Scale) -> Callable[[tuple[float, float]], tuple[float, float]]:
    """(step, value) -> (x, y), y pointing down; all inside the frame."""
    across = WIDTH / right if right > 0 else 0.0
    span = scale.high - scale.low

    def place(point: tuple[float, float]) -> tuple[float, float]:
        share = (scale.through(point[1]) - scale.low) / span
        return round(point[0] * across, 1), round(HEIGHT * (1 - min(max(share, 0.0), 1.0)), 1)

    return place


def _rectangle(corner: tuple[float, float], opposite: tuple[float, float]) -> str:
    """At least one unit high, so that a narrow band can be seen."""
    low = max(opposite[1], corner[1] + 1)
    return f"M{corner[0]:g} {corner[1]:g}H{opposite[0]:g}V{low:g}H{corner[0]:g}z"


def _short(value: float) -> str:
    return f"{value:.3g}"
