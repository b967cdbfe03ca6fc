"""Built-in plugins by walking plugins/ and reports/, others by the entry point group `gradeloop`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, TypeVar

import pluggy

from . import hookspecs
from .errors import UsageError
from .model import Check

if TYPE_CHECKING:
    from .engines import Engine
    from .export import Archiver
    from .gradebooks import Gradebook
    from .result import Renderer
    from .sandbox import SandboxBackend
    from .summary import Overview

T = TypeVar("T")

GROUP = "gradeloop"
BUILT_IN = (
    "grader.plugins",
    "grader.reports",
    "grader.sandbox.plugin",
    "grader.data.plugin",
    "grader.engines.plugin",
    "grader.exercise_folders",
)


class ModuleChecks:
    """The checks that a module defines with @check, offered through the same hook as anybody's."""

    def __init__(self, checks: list[Check]) -> None:
        self.checks = checks

    @hookspecs.hookimpl
    def grader_checks(self) -> list[Check]:
        return self.checks


def create_manager(*, third_party: bool = True) -> pluggy.PluginManager:
    """A plugin manager with everything built in, and what is installed under the entry point group."""
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    for name in BUILT_IN:
        _register(manager, importlib.import_module(name))
    if third_party:
        manager.load_setuptools_entrypoints(GROUP)
    for name, plugin in manager.list_name_plugin():
        checks = [value for value in vars(plugin).values() if isinstance(value, Check)] if plugin else []
        if checks:
            manager.register(ModuleChecks(checks), f"{name}:checks")
    manager.check_pending()
    return manager


def _register(manager: pluggy.PluginManager, module: ModuleType) -> None:
    """Register a module, and those in its folder when it is a package."""
    manager.register(module, module.__name__)
    for info in pkgutil.iter_modules(getattr(module, "__path__", [])):
        if not info.ispkg:
            _register(manager, importlib.import_module(f"{module.__name__}.{info.name}"))


def all_checks(manager: pluggy.PluginManager) -> dict[str, Check]:
    """Every check by its slug, sorted. Raises UsageError when two plugins offer the same slug."""
    found: dict[str, Check] = {}
    for checks in manager.hook.grader_checks():
        for item in checks:
            if found.setdefault(item.id, item) is not item:
                raise UsageError(f"two plugins offer a check called {item.id!r}")
    return dict(sorted(found.items()))


def all_sandboxes(manager: pluggy.PluginManager) -> list[SandboxBackend]:
    """Every sandbox in order of preference; new ones at each call, for whoever calls to close."""
    return [backend for offered in manager.hook.grader_sandboxes() for backend in offered]


def all_renderers(manager: pluggy.PluginManager) -> dict[str, Renderer]:
    """Every renderer by its format name, sorted."""
    return _by_name("format", manager.hook.grader_renderers())


def all_gradebooks(manager: pluggy.PluginManager) -> dict[str, Gradebook]:
    """Every gradebook by its format name, sorted."""
    return _by_name("gradebook", manager.hook.grader_gradebooks())


def all_archives(manager: pluggy.PluginManager) -> dict[str, Archiver]:
    """Every archive by the name of its platform, sorted."""
    return _by_name("archive", manager.hook.grader_archives())


def all_overviews(manager: pluggy.PluginManager) -> dict[str, Overview]:
    """Every page about a class by its name, sorted."""
    return _by_name("overview", manager.hook.grader_overviews())


def all_engines(manager: pluggy.PluginManager) -> dict[str, Engine]:
    """Every engine by its name, sorted."""
    return _by_name("engine", manager.hook.grader_engines())


def choose_engine(manager: pluggy.PluginManager, name: str) -> Engine:
    """The engine that `--engine` names. Raises UsageError when nobody offers it."""
    offered = all_engines(manager)
    if name not in offered:
        raise UsageError(f"--engine: no engine {name!r}; choose from {', '.join(offered)}")
    return offered[name]


def _by_name(kind: str, offers: Iterable[Mapping[str, T]]) -> dict[str, T]:
    """What plugins offer, in one mapping. Raises UsageError when two of them use the same name."""
    found: dict[str, T] = {}
    for offered in offers:
        for name, item in offered.items():
            if name in found:
                raise UsageError(f"two plugins offer a {kind} called {name!r}")
            found[name] = item
    return dict(sorted(found.items()))
