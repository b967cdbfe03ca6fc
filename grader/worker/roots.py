"""Modules that may be called from the student's code, and which of them are the same model."""

from __future__ import annotations

import weakref
from typing import Any

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from .discovery import below, own_parameters


class Root:
    """A module that may be called from the student's code."""

    def __init__(self, module: nn.Module) -> None:
        self.ref = weakref.ref(module)
        self.name = type(module).__name__
        self.handles: list[Any] = []
        self.outer = 0
        self.inner = 0
        self.modal: list[nn.Module] = []
        #: how often its parameters were updated after a backward pass through it
        self.updates = 0
        #: whether its parameters, or some of them as part of another module, were updated
        self.updated = False
        #: the root that it is a copy of
        self.ancestor: Root | None = None
        #: its weights have been copied, or were too large to be
        self.kept = False
        #: where it was first called
        self.line: int | None = None

    def refresh(self, module: nn.Module) -> None:
        """See which of its layers behave differently in training."""
        self.modal = [part for _, part in below(module) if _is_modal(part)]


def _is_modal(module: nn.Module) -> bool:
    if isinstance(module, _DropoutNd):
        return module.p > 0
    return isinstance(module, _BatchNorm)


def are_kin(looked: Root, trained: Root) -> bool:
    """The same module, a copy of it, or one that shares parameters with it."""
    if trained is looked or trained is looked.ancestor:
        return True
    modules = looked.ref(), trained.ref()
    if modules[0] is None or modules[1] is None:
        return False
    held = {id(parameter) for _, parameter in own_parameters(modules[0])}
    return any(id(parameter) in held for _, parameter in own_parameters(modules[1]))
