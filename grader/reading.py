"""Parsed JSON -> dataclasses, bounded and typed by their annotations; distrusts every value."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar, get_args, get_origin

from .errors import TraceError

MAX_TEXT = 200
MAX_ITEMS = 512
MAX_COUNT = 10**12

T = TypeVar("T")


def read(kind: type[T], value: object) -> T:
    """Build a dataclass from parsed JSON, bounded and typed by its annotations. Raises TraceError."""
    return typing.cast(T, _read(kind, value, kind.__name__))


def _read(kind: Any, value: object, where: str) -> Any:
    if dataclasses.is_dataclass(kind):
        return _read_dataclass(kind, value, where)
    origin = get_origin(kind)
    if origin is types.UnionType or origin is typing.Union:
        return _read_optional(kind, value, where)
    if origin is tuple:
        return _read_tuple(get_args(kind)[0], value, where)
    if origin is not None and issubclass(origin, Mapping):
        return _read_mapping(get_args(kind)[1], value, where)
    return _read_scalar(kind, value, where)


def _read_dataclass(kind: Any, value: object, where: str) -> Any:
    if not isinstance(value, dict):
        raise TraceError(f"{where}: not an object")
    hints = typing.get_type_hints(kind)
    unknown = value.keys() - hints.keys()
    if unknown:
        raise TraceError(f"{where}: unknown key {sorted(unknown)[0][:40]!r}")
    parts = {key: _read(hints[key], item, f"{where}.{key}") for key, item in value.items()}
    try:
        return kind(**parts)
    except TypeError:
        raise TraceError(f"{where}: a key is missing") from None


def _read_optional(kind: Any, value: object, where: str) -> Any:
    if value is None:
        return None
    [inner] = [option for option in get_args(kind) if option is not type(None)]
    return _read(inner, value, where)


def _read_tuple(kind: Any, value: object, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list) or len(value) > MAX_ITEMS:
        raise TraceError(f"{where}: not a list of at most {MAX_ITEMS}")
    return tuple(_read(kind, item, where) for item in value)


def _read_mapping(kind: Any, value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict) or len(value) > MAX_ITEMS:
        raise TraceError(f"{where}: not an object of at most {MAX_ITEMS} keys")
    return {key[:MAX_TEXT]: _read(kind, item, where) for key, item in value.items()}


def _read_scalar(kind: Any, value: object, where: str) -> Any:
    if kind is bool and isinstance(value, bool):
        return value
    if kind is int and isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MAX_COUNT:
        return value
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return _finite(value, where)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return _member(kind, value, where)
    if kind is str and isinstance(value, str):
        return value[:MAX_TEXT]
    raise TraceError(f"{where}: not a valid {getattr(kind, '__name__', kind)}")


def _finite(value: int | float, where: str) -> float:
    try:
        number = float(value)
    except OverflowError:
        raise TraceError(f"{where}: too large") from None
    if not math.isfinite(number):
        raise TraceError(f"{where}: not finite")
    return number


def _member(kind: type[StrEnum], value: object, where: str) -> StrEnum:
    try:
        return kind(value)  # type: ignore[arg-type]
    except ValueError:
        raise TraceError(f"{where}: not one of {', '.join(kind)}") from None
