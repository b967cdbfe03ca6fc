"""What all gradings of one process share: plugins, checks, and sandboxes that get ready once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import TracebackType
from typing import Self

import pluggy

from . import sandbox
from .model import Check
from .plugin_manager import all_checks, all_sandboxes, create_manager


@dataclass
class Workshop:
    """`with Workshop() as workshop:` one grading after another; what was started for them ends with it."""

    #: told how many seconds the grading that has begun may take at most
    expects: Callable[[float], None] = field(default=lambda seconds: None)
    _preparing: bool = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._preparing:
            # all of them: a grading may have let others get ready than the one that it was asked to
            sandbox.close(self.backends)

    @cached_property
    def plugins(self) -> pluggy.PluginManager:
        """Built-in plugins and installed ones."""
        return create_manager()

    @cached_property
    def checks(self) -> Mapping[str, Check]:
        """Every check by its slug."""
        return all_checks(self.plugins)

    @cached_property
    def backends(self) -> Sequence[sandbox.SandboxBackend]:
        """The sandboxes on offer, in order of preference."""
        return all_sandboxes(self.plugins)

    def prepare(self, sandbox_name: str, seed: int) -> None:
        """Let the sandbox that will be chosen get ready, while the text is read."""
        if not self._preparing:
            self._preparing = True
            sandbox.prepare(self.backends, sandbox_name, seed)
