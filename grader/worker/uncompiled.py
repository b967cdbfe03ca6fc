"""Optimizers, torchvision, and modes of ours, without torch's compiler: importing it takes as long as torch itself.

torch imports it in every process that makes an optimizer, to tell it what not to compile. As long as nobody has
imported it nothing is being compiled, and there is nothing to tell: the optimizer does the same without. Once somebody
has, torch's own code is back in its place. torchvision imports it for a question that one of its operators may ask it.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable, Iterable, Iterator
from types import FunctionType, ModuleType
from typing import Any, TypeVar

import torch

from . import around_import

COMPILER = "torch._dynamo"
#: torchvision's operator that may be compiled, whom it asks whether it can be, and what
_OPERATOR, _ASKED, _QUESTION = "torchvision.ops.roi_align", f"{COMPILER}.utils", "is_compile_supported"
#: where a function that the compiler must leave alone looks up how it is called then
_KNOWN = "__dynamo_disable"

Kind = TypeVar("Kind", bound=type)


def install() -> None:
    """Let optimizers and torchvision do without the compiler, where they are made in the way known here."""
    if COMPILER in sys.modules:
        return
    around_import.install({_OPERATOR: _ask_later})
    kinds = {value for value in vars(torch.optim).values() if isinstance(value, type)}
    for kind in kinds:
        step = vars(kind).get("step")
        if _is_known(step, "_use_grad", "graph_break"):
            kind.step = _stepping(step)  # type: ignore[attr-defined]
    for function in _left_alone(kinds):
        _leave_alone(function)


def mode(kind: Kind) -> Kind:
    """For a class of ours that watches operations: torch would import its compiler when the first one is seen."""
    inner = vars(kind).get("__torch_dispatch__")
    if _is_known(inner, "inner", "_dynamo"):
        _leave_alone(inner)
    return kind


def _ask_later(run: Callable[[], None], module: ModuleType) -> None:
    """Import torchvision's operator with a stand-in for the compiler, which imports it when it is asked something."""
    if COMPILER in sys.modules:
        run()
        return
    stand_in = _StandIn(_ASKED)
    sys.modules[_ASKED] = stand_in
    try:
        run()
    finally:
        stand_in.leave()


class _StandIn(ModuleType):
    """Has one function, which asks the real module; for any other name it gives way to that at once."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__dict__[_QUESTION] = self.ask

    def ask(self, *arguments: Any, **named: Any) -> Any:
        return getattr(importlib.import_module(_ASKED), _QUESTION)(*arguments, **named)

    def leave(self) -> None:
        if sys.modules.get(_ASKED) is self:
            del sys.modules[_ASKED]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self.leave()
        return getattr(importlib.import_module(_ASKED), name)


def _stepping(original: Any) -> Callable[..., Any]:
    """`Optimizer.step` as torch wraps it, but for a word to the compiler before and after."""
    step = original.__wrapped__

    @functools.wraps(step)
    def uncompiled(*arguments: Any, **named: Any) -> Any:
        if COMPILER in sys.modules:
            return original(*arguments, **named)
        before = torch.is_grad_enabled()
        try:
            torch.set_grad_enabled(arguments[0].defaults["differentiable"])
            return step(*arguments, **named)
        finally:
            torch.set_grad_enabled(before)

    return uncompiled


def _leave_alone(inner: Any) -> None:
    """Call what it wraps, until the compiler has been imported."""
    function = inner.__wrapped__

    def directly(*arguments: Any, **named: Any) -> Any:
        if COMPILER not in sys.modules:
            return function(*arguments, **named)
        if vars(function).get(_KNOWN) is directly:
            delattr(function, _KNOWN)
        return inner(*arguments, **named)

    setattr(function, _KNOWN, directly)


def _left_alone(kinds: Iterable[type]) -> Iterator[Any]:
    """The methods of optimizers, and the functions that they call, that the compiler must leave alone."""
    modules = {sys.modules[kind.__module__] for kind in kinds if kind.__module__ in sys.modules}
    found = [value for place in (*kinds, *modules) for value in list(vars(place).values())]
    for value in found:
        if isinstance(value, FunctionType):
            cells = [cell.cell_contents for cell in value.__closure__ or ()]
            yield from (item for item in (value, *cells) if _is_known(item, "inner", "_dynamo"))


def _is_known(item: object, name: str, mentions: str) -> bool:
    """Whether it is the wrapper of torch's that is meant, around a function that can be called instead."""
    if not isinstance(item, FunctionType) or not isinstance(getattr(item, "__wrapped__", None), FunctionType):
        return False
    code = item.__code__
    ours = code.co_filename.endswith(("torch/_compile.py", "torch/optim/optimizer.py"))
    return ours and code.co_name == name and mentions in code.co_names
