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
from .plugin_manager import all_checks, create_manager


@dataclass
class Workshop:
    """`with Workshop() as workshop:` one grading after another; what was started for them ends with it."""

    #: whether many submissions are graded here: a sandbox that has to get ready first pays then
    many: bool = False
    #: told how many seconds the grading that has begun may take at most
    expects: Callable[[float], None] = field(default=lambda seconds: None)
    _prepared: list[sandbox.Prepared] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for prepared in self._prepared:
            prepared.close()

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
        offered = [backend for backends in self.plugins.hook.grader_sandboxes() for backend in backends]
        return sandbox.ready_first(offered) if self.many else offered

    def prepare(self, sandbox_name: str, seed: int) -> None:
        """Let the sandbox that will be chosen get ready, while the text is read."""
        if not self._prepared and (self.many or sandbox_name != "auto"):
            self._prepared.append(sandbox.prepare(self.backends, sandbox_name, seed))
