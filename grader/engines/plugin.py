"""The engine that is built in."""

from __future__ import annotations

from collections.abc import Mapping

from ..hookspecs import hookimpl
from . import Engine
from .local import LocalEngine
from .ray import RayEngine


@hookimpl
def grader_engines() -> Mapping[str, Engine]:
    """`local`: this machine; `ray`: a cluster's."""
    return {"local": LocalEngine(), "ray": RayEngine()}
