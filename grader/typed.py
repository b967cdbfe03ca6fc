"""Whether a dataclass holds what its annotations say: for what was read from a file that anybody may have edited."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any, get_args, get_origin

#: a number beyond this is no count and no line; a float cannot hold it either
_LARGEST = 2**63


def verify(value: object, kind: Any, where: str) -> None:
    """Raise TypeError, naming the place, where a value is not of the annotated kind or not finite."""
    origin, inner = get_origin(kind), get_args(kind)
    if kind is Any:
        return
    if dataclasses.is_dataclass(kind):
        _verify_fields(value, kind, where)
    elif origin in (types.UnionType, typing.Union):
        _verify_union(value, inner, where)
    elif origin is tuple:
        _verify_tuple(value, inner, where)
    elif origin is not None:
        _verify_mapping(value, inner, where)
    else:
        _verify_scalar(value, kind, where)


def _verify_fields(value: object, kind: Any, where: str) -> None:
    if not isinstance(value, kind):
        raise TypeError(f"{where} is no {kind.__name__}")
    for name, expected in typing.get_type_hints(kind).items():
        verify(getattr(value, name), expected, f"{where}.{name}")


def _verify_union(value: object, options: Iterable[Any], where: str) -> None:
    for option in options:
        try:
            verify(value, option, where)
        except TypeError:
            continue
        return
    raise TypeError(f"{where} cannot be {str(value)[:40]!r}")


def _verify_tuple(value: object, inner: tuple[Any, ...], where: str) -> None:
    if not isinstance(value, tuple) or (inner[-1] is not Ellipsis and len(value) != len(inner)):
        raise TypeError(f"{where} is no list of that length")
    kinds = [inner[0]] * len(value) if inner[-1] is Ellipsis else inner
    for item, kind in zip(value, kinds, strict=True):
        verify(item, kind, where)


def _verify_mapping(value: object, inner: tuple[Any, ...], where: str) -> None:
    if not isinstance(value, Mapping):
        raise TypeError(f"{where} is no object")
    for key, item in value.items():
        verify(key, inner[0], where)
        verify(item, inner[1], f"{where}.{key}")


def _verify_scalar(value: object, kind: Any, where: str) -> None:
    wanted = (int, float) if kind is float else (kind,)
    if not isinstance(value, wanted) or (isinstance(value, bool) and kind is not bool):
        raise TypeError(f"{where} cannot be {str(value)[:40]!r}")
    # a loss that explodes is large and still a number; a whole number of any length could not be counted with
    within = math.isfinite(value) if isinstance(value, float) else not isinstance(value, int) or abs(value) < _LARGEST
    if not within:
        raise TypeError(f"{where} is too large or no number")
