"""Values are held against annotations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from grader.typed import verify


@dataclass(frozen=True)
class _Inner:
    line: int | None = None


@dataclass(frozen=True)
class _Outer:
    name: str = ""
    score: float = 0
    rows: tuple[tuple[int, ...], ...] = ()
    points: Mapping[str, tuple[int, float]] = field(default_factory=dict)
    inner: _Inner = _Inner()
    free: Any = None


def test_what_fits_is_left_in_peace() -> None:
    """A whole number is a fine float; whatever is free is free."""
    verify(_Outer("a", 3, ((1, 2), ()), {"x": (1, 2.5)}, _Inner(4), object()), _Outer, "record")


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"name": 3}, "record.name"),
        ({"score": True}, "record.score"),
        ({"score": float("nan")}, "record.score"),
        ({"score": 10**400}, "record.score"),
        ({"rows": [[1]]}, "record.rows"),
        ({"rows": ((1.5,),)}, "record.rows"),
        ({"points": {"x": (1,)}}, "record.points.x"),
        ({"points": {1: (1, 1.0)}}, "record.points"),
        ({"points": []}, "record.points"),
        ({"inner": {}}, "record.inner"),
        ({"inner": _Inner("x")}, "record.inner.line"),  # type: ignore[arg-type]
    ],
)
def test_what_does_not_fit_is_named(changes: dict[str, Any], place: str) -> None:
    """The place stands in the message."""
    with pytest.raises(TypeError, match=place.replace(".", r"\.")):
        verify(replace(_Outer(), **changes), _Outer, "record")
