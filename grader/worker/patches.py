"""Functions of torch replaced for a while, and put back exactly."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Function = Callable[..., Any]
_ABSENT = object()
#: Python leaves frames of such a file out when a warning is to name the line of its caller
UNSEEN = "<gradeloop importlib_bootstrap>"


class Patches:
    """Remembers what stood in a namespace before, so that `restore` leaves no trace."""

    def __init__(self) -> None:
        self._saved: list[tuple[Any, str, object, Function]] = []

    def replace(self, owner: Any, name: str, make: Callable[[Function], Function]) -> None:
        """Put `make(original)` in the place of `owner.name`; a name that is not there is left alone."""
        original = getattr(owner, name, None)
        if original is None:
            return
        own = vars(owner).get(name, _ABSENT)
        patched = functools.wraps(original)(_unseen(make(original)))
        self._saved.append((owner, name, own, patched))
        setattr(owner, name, patched)

    def undone(self) -> set[str]:
        """Names that are again exactly what they were."""
        return {name for owner, name, own, _ in self._saved if vars(owner).get(name, _ABSENT) is own}

    def restore(self) -> None:
        """Put everything back, the last replaced first."""
        while self._saved:
            owner, name, own, _ = self._saved.pop()
            _put_back(owner, name, own)

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Everything as it was, for the length of a `with`: a scripting compiler reads function bodies."""
        for owner, name, own, _ in reversed(self._saved):
            _put_back(owner, name, own)
        try:
            yield
        finally:
            for owner, name, _, patched in self._saved:
                setattr(owner, name, patched)


def _unseen(function: Function) -> Function:
    """A warning of torch's is to name the student's line and not the patch in between."""
    function.__code__ = function.__code__.replace(co_filename=UNSEEN)
    return function


def _put_back(owner: Any, name: str, own: object) -> None:
    if own is _ABSENT:
        delattr(owner, name)  # it was inherited
    else:
        setattr(owner, name, own)
