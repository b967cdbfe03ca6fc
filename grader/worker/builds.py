"""How a model was built, beside its shapes: what tells a comparison of several from one that is made anew."""

from __future__ import annotations

from types import BuiltinFunctionType, FunctionType

from torch import nn

from .discovery import below

MAX_BUILD = 20_000
MAX_TEXT = 40


def build_of(module: nn.Module) -> str:
    """The types of a model and of all its parts, and what they hold that is a setting and no tensor."""
    return " ".join(f"{name}:{type(part).__name__}({_settings(part)})" for name, part in below(module))[:MAX_BUILD]


def _settings(part: nn.Module) -> str:
    own = object.__getattribute__(part, "__dict__")
    names = sorted(key for key in own if type(key) is str and key[:1] != "_")
    return ",".join(f"{name}={_plainly(own[name])}" for name in names)


def _plainly(value: object) -> str:
    """A setting as text; nothing for what is none. No code of anybody's is run."""
    if type(value) in (int, float):
        return repr(value)
    if type(value) is str:
        return value[:MAX_TEXT]
    if isinstance(value, type | FunctionType | BuiltinFunctionType):
        return value.__name__[:MAX_TEXT]
    return ""
