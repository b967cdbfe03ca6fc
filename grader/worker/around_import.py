"""Something of ours happens around the first import of a module that the student's code may never ask for."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType

#: gets a function that runs the module's own code, and the module
Action = Callable[[Callable[[], None], ModuleType], None]


def install(actions: Mapping[str, Action]) -> None:
    """From now on, for modules of these names that have not been imported."""
    sys.meta_path.insert(0, _Finder(actions))


class _Finder(importlib.abc.MetaPathFinder):
    """Finds modules as always; for a few of them something happens around their first import."""

    def __init__(self, actions: Mapping[str, Action]) -> None:
        self.actions = actions

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        action = self.actions.get(fullname)
        if action is None:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, action)
        return spec


class _Loader(importlib.abc.Loader):
    """Runs a module's code inside an action, then leaves the module to its own loader."""

    def __init__(self, inner: importlib.abc.Loader, action: Action) -> None:
        self.inner = inner
        self.action = action

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self.inner.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self.inner
        if module.__spec__ is not None:
            module.__spec__.loader = self.inner
        self.action(lambda: self.inner.exec_module(module), module)
