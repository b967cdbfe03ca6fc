"""One call of a root module, and calls that are alike counted together."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from .passes import Pass, Passes
from .roots import Root
from .sighting import Sighting


class Mark:
    """Sits on the output of a forward and dies with its graph."""

    __slots__ = ("__weakref__", "_across_step", "_passes", "forward")

    #: says to torch that it need not warn when a tensor is saved
    __torch_unserializable__ = True

    def __init__(self, forward: Forward, passes: Passes, across_step: Sighting) -> None:
        self.forward = forward
        self._passes = passes
        self._across_step = across_step

    def __call__(self, gradient: Tensor) -> None:
        running = self._passes.current()
        running.went_through(self.forward)
        self.forward.trained = True
        if self.forward.executed(running):
            self._across_step.note(running.line)


class Forward:
    """One call of a root module."""

    __slots__ = (
        "batch",
        "entered",
        "grad_enabled",
        "judged",
        "line",
        "loader_pass",
        "mark",
        "modal_training",
        "number",
        "outputs",
        "over_classes",
        "over_rows",
        "pass_at",
        "pointer",
        "root",
        "sampled",
        "samples",
        "trained",
        "training",
        "updates_at",
    )

    def __init__(self, number: int, root: Root, line: int | None) -> None:
        self.number = number
        self.root = root
        self.line = line
        self.training = False
        self.grad_enabled = False
        self.samples = 1
        self.modal_training = 0
        self.loader_pass = 0
        self.trained = False
        self.judged = False
        #: a maximum was taken over the classes, or over the rows and on which line
        self.over_classes = False
        self.over_rows: int | None = None
        self.mark: Callable[[], Mark | None] = _nothing
        #: the output and other names for it
        self.outputs: list[weakref.ref[Tensor]] = []
        self.pointer = 0
        self.entered: weakref.ref[Tensor] | None = None
        #: a few values of each sample
        self.sampled: Tensor | None = None
        self.batch: Any = None
        self.pass_at = 0
        self.updates_at = 0

    def executed(self, running: Pass) -> bool:
        """A backward pass goes through; whether it is an old graph, older than an update of this module."""
        old = self.pass_at and running.at != self.pass_at and self.root.updates != self.updates_at
        self.pass_at, self.updates_at = running.at, self.root.updates
        return bool(old)

    def has(self, tensor: Tensor) -> bool:
        """Whether a tensor is this forward's output, or shares its memory."""
        for reference in self.outputs:
            output = reference()
            if output is not None and (output is tensor or output is tensor._base):
                return True
        return bool(self.pointer) and tensor.layout == torch.strided and tensor.data_ptr() == self.pointer


def _nothing() -> None:
    return None


@dataclass
class Group:
    """Forwards on one line under the same circumstances."""

    root: Root
    line: int | None
    trained: bool
    training: bool
    grad_enabled: bool
    modal: int
    modal_training: int
    calls: int = 0
    samples: int = 0
    judged: int = 0
    passes: int = 0
    last_pass: int = -1
    chunks: list[Tensor] = field(default_factory=list)
    compared: int = 0
    also_trained: int = 0

    def add(self, forward: Forward) -> None:
        """One more call."""
        self.calls += 1
        self.samples += forward.samples
        self.judged += forward.judged
        if forward.loader_pass != self.last_pass:
            self.last_pass = forward.loader_pass
            self.passes += 1

    def add_many(self, sizes: list[int], loader_pass: int) -> None:
        """More calls of one pass over a loader, all of them judged by a loss."""
        self.calls += len(sizes)
        self.samples += sum(sizes)
        self.judged += len(sizes)
        if loader_pass != self.last_pass:
            self.last_pass = loader_pass
            self.passes += 1

    def as_dict(self) -> dict[str, object]:
        names = ("line", "trained", "training", "grad_enabled", "calls", "samples", "modal", "modal_training",
                 "judged", "compared", "also_trained", "passes")  # fmt: skip
        return {**{name: getattr(self, name) for name in names}, "updated": self.root.updated}
