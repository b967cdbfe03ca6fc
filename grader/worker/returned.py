"""What a function of the exercise's returned: the numbers in it, as named series, bounded and without its objects."""

from __future__ import annotations

import dis
import math
from collections.abc import Iterator, Sequence
from types import FunctionType
from typing import Any

import numpy as np
import torch
from torch import Tensor

MAX_FUNCTIONS = 8
MAX_SERIES = 16
MAX_VALUES = 200
MAX_DEPTH = 3
MAX_NAME = 60
#: a tuple of so few numbers may be several results, and not one series
FEW = 3

Series = tuple[str, list[float | None]]


class Returned:
    """The book of returned values."""

    def __init__(self) -> None:
        self._functions: list[dict[str, object]] = []

    def note(self, function: FunctionType, value: object, line: int | None, first: int, epochs: int) -> None:
        """A function returned. `first`: how many epochs there were before; `epochs`: how many came in its time."""
        if len(self._functions) >= MAX_FUNCTIONS:
            return
        found = list(series_of(value))[:MAX_SERIES]
        self._functions.append({
            "function": function.__name__[:MAX_NAME],
            "line": last_return(function) if line is not None else None,
            "first": first,
            "epochs": epochs,
            "series": [{"name": name, "values": values} for name, values in found],
        })  # fmt: skip

    def as_list(self) -> list[dict[str, object]]:
        return self._functions


def last_return(function: FunctionType) -> int | None:
    """The line of the last `return`; where there is none, of what comes last."""
    returns = [step for step in dis.get_instructions(function) if step.opname.startswith("RETURN_")]
    lines = [step.positions.lineno for step in returns if step.positions is not None]
    return max((line for line in lines if line is not None), default=None)


def series_of(value: object, name: str = "", depth: int = MAX_DEPTH) -> Iterator[Series]:
    """All series of numbers in nested lists, tuples and dicts; a single number is a series of one."""
    number = number_of(value)
    if number is not None:
        yield name, [finite(number)]
    elif depth and isinstance(value, dict):
        for key, item in list(value.items())[:MAX_SERIES]:
            yield from series_of(item, _joined(name, str(key) if isinstance(key, str | int) else "?"), depth - 1)
    elif isinstance(value, Tensor | np.ndarray):
        yield from _of_array(value, name)
    elif isinstance(value, list | tuple):
        yield from _of_items(list(value), isinstance(value, tuple), name, depth)


def _of_array(value: Any, name: str) -> Iterator[Series]:
    if len(value.shape) == 1 and len(value):
        yield name, [finite(float(item)) for item in value[:MAX_VALUES].tolist()]


def _of_items(items: list[Any], is_tuple: bool, name: str, depth: int) -> Iterator[Series]:
    """Numbers in a row; records, one for each epoch; or several things side by side."""
    numbers = [number_of(item) for item in items[:MAX_VALUES]]
    if items and all(number is not None for number in numbers):
        yield name, [finite(number) for number in numbers if number is not None]
    if depth and items and (None in numbers or (is_tuple and len(items) <= FEW)):
        yield from _records(items, name, depth) or _apart(items, name, depth)


def _records(items: list[Any], name: str, depth: int) -> list[Series]:
    """[{"loss": 1, "accuracy": 2}, ...] or [(1, 2), ...], all alike, as one series for each place."""
    first = items[0]
    keys: Sequence[Any] = list(first) if isinstance(first, dict) else range(len(first)) if _is_row(first) else ()
    alike = len(items) > 1 and all(type(item) is type(first) and len(item) == len(first) for item in items if keys)
    if not keys or not alike or len(keys) > MAX_SERIES or (_is_row(first) and len(first) > FEW):
        return []
    columns = []
    for key in keys:
        numbers = [number_of(item.get(key) if isinstance(item, dict) else item[key]) for item in items[:MAX_VALUES]]
        if None not in numbers:
            values = [finite(number) for number in numbers if number is not None]
            columns.append((_joined(name, str(key)), values))
    return columns


def _apart(items: list[Any], name: str, depth: int) -> list[Series]:
    """Several things, each under its place."""
    return [
        found
        for place, item in enumerate(items[:MAX_SERIES])
        for found in series_of(item, _joined(name, str(place)), depth - 1)
    ]


def _is_row(value: object) -> bool:
    return isinstance(value, tuple) or (isinstance(value, list) and len(value) <= FEW)


def number_of(value: object) -> float | None:
    """A plain number, or one of numpy's or torch's; None for anything else. Nothing of the student's is called."""
    if isinstance(value, bool | np.bool_):
        return None
    if isinstance(value, int | float):
        return float.__float__(value) if isinstance(value, float) else _of_integer(value)
    if isinstance(value, np.number) and not isinstance(value, np.complexfloating):
        return float(value)
    if type(value) is Tensor and value.numel() == 1 and not value.is_complex() and value.dtype is not torch.bool:
        return float(value.detach())
    return None


def _of_integer(value: int) -> float | None:
    try:
        return float(int.__index__(value))
    except OverflowError:
        return None


def finite(number: float) -> float | None:
    """JSON has no word for the others."""
    return number if math.isfinite(number) else None


def _joined(name: str, key: str) -> str:
    return f"{name}.{key}"[-MAX_NAME:] if name else key[:MAX_NAME]
