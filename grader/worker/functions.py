"""Calls the functions that an exercise asks for, with what their signatures name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from types import FunctionType
from typing import Any

GIVEN = "<exercise>"


class UnknownArgumentError(TypeError):
    """A function asks for something that the exercise does not hand out."""


class Supply:
    """Arguments by name: made by the exercise's own functions, once each, and passed on to those that ask.

    `given`: the exercise's Python text; its functions and values are what can be asked for. The student's
    `build_model` takes the place of the exercise's `model`.
    """

    def __init__(self, given: str, own: Mapping[str, Any], device: object) -> None:
        self._given: dict[str, Any] = {"__name__": GIVEN}
        exec(compile(given, GIVEN, "exec", dont_inherit=True), self._given)
        if callable(own.get("build_model")):
            self._given["model"] = own["build_model"]
        self._made: dict[str, Any] = {"device": device}

    def names(self) -> list[str]:
        """What can be asked for."""
        # what the text imports is not handed out: only what it defines itself
        defined = (
            name
            for name, value in self._given.items()
            if not name.startswith("_") and getattr(value, "__module__", GIVEN) == GIVEN
        )
        return sorted({*self._made, *(name for name in defined if not inspect.ismodule(self._given[name]))})

    def put(self, name: str, value: object) -> None:
        """Hand out this under a name, instead of what the exercise would make."""
        self._made[name] = value

    def offers(self, name: str) -> bool:
        """Whether this can be asked for."""
        return name in self._made or name in self._given

    def call(self, function: Callable[..., Any]) -> Any:
        """Call a function with an argument for each parameter; those with a default may stay unknown."""
        arguments = {}
        for parameter in inspect.signature(function).parameters.values():
            known = parameter.name in self._made or parameter.name in self._given
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                continue
            if not known and parameter.default is not parameter.empty:
                continue
            arguments[parameter.name] = self.get(parameter.name, getattr(function, "__name__", "a function"))
        positional = [
            arguments.pop(parameter.name)
            for parameter in inspect.signature(function).parameters.values()
            if parameter.kind is parameter.POSITIONAL_ONLY and parameter.name in arguments
        ]
        return function(*positional, **arguments)

    def get(self, name: str, asked_by: str) -> Any:
        """One argument. Raises UnknownArgumentError with what there is."""
        if name not in self._made:
            if name not in self._given:
                offered = ", ".join(self.names())
                raise UnknownArgumentError(f"{asked_by}() asks for {name!r}; this exercise hands out {offered}")
            value = self._given[name]
            self._made[name] = self.call(value) if isinstance(value, FunctionType) else value
        return self._made[name]


def wanted(names: Sequence[str], own: Mapping[str, Any]) -> list[FunctionType]:
    """The functions of the exercise that the student's module defines itself, in the exercise's order."""
    return [own[name] for name in names if isinstance(own.get(name), FunctionType)]
