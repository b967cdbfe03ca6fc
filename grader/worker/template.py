"""What an ordinary step of a loop looks like, taken down from one that was looked at closely."""

from __future__ import annotations

import sys
import weakref
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any

from torch import Tensor
from torch.optim import Optimizer

from .content import is_plain

if TYPE_CHECKING:
    from .forward import Forward
    from .ledger import Buffer, Ledger
    from .losses import LossCall
    from .passes import Pass
    from .roots import Root
    from .steps import Optimized, Pattern

#: under this name the node of a forward's output bears the forward
KEY = "gradeloop forward"
MAX_PATH = 8
MAX_NODES = 64
#: frames between an event and the student's line
MAX_DEPTH = 16

#: some code, the instruction in it that is running, and its line
Place = tuple[CodeType, int, int]


@dataclass(slots=True)
class Template:
    """One forward, at most one loss, one backward pass, one step; gradients are None before and used after."""

    optimizer: weakref.ref[Optimizer]
    optimized: Optimized
    pattern: Pattern
    root: Root
    forward: Forward
    loss: LossCall | None
    #: the leaves that receive gradients, their buffers, and the versions of these gradients as the step finds them
    leaves: list[Tensor]
    buffers: list[Buffer]
    versions: list[int]
    #: versions of the gradients as the backward pass leaves them
    arrived: list[int]
    #: leaves of the optimizer that receive none, and whether they ask for some
    spare: list[tuple[Tensor, bool]]
    #: which of `next_functions` lead from the root of a backward pass to the forward's output
    path: tuple[int, ...]
    line: int | None
    forward_place: Place
    backward_place: Place


class Draft:
    """What was seen since the step before; a template when it was ordinary in every way."""

    def __init__(self) -> None:
        self._forward: Forward | None = None
        self._loss: LossCall | None = None
        self._running: Pass | None = None
        self._path: tuple[int, ...] | None = None
        self._places: list[Place] = []
        #: versions of gradients as the backward pass left them
        self._arrived: dict[Buffer, int] = {}
        self._ordinary = True
        self._ended = False

    def spoil(self) -> None:
        """Something came that no ordinary step has."""
        self._ordinary = False

    def forwarded(self, forward: Forward, output: Tensor, place: Place | None) -> None:
        """A root module has returned."""
        node = output.grad_fn
        if self._forward is not None or self._running is not None or node is None or place is None:
            self.spoil()
            return
        self._forward = forward
        self._places.append(place)
        metadata: dict[str, object] = node.metadata  # type: ignore[assignment]
        metadata[KEY] = forward

    def lost(self, call: LossCall | None) -> None:
        """A loss function has returned a part of a graph."""
        if self._loss is not None or self._forward is None or self._running is not None or call is None:
            self.spoil()
            return
        self._loss = call

    def begins(self, roots: list[Tensor], running: Pass, weighted: bool, buffers: list[Buffer],
               place: Place | None) -> None:  # fmt: skip
        """A backward pass begins."""
        leaves = [buffer.ref() for buffer in buffers]
        empty = all(leaf is None or leaf.grad is None for leaf in leaves)
        forward = self._forward
        if forward is None or self._running is not None or weighted or len(roots) != 1 or not empty or place is None:
            self.spoil()
            return
        self._running = running
        self._places.append(place)
        self._path = _path(roots[0], forward)

    def ended(self, running: Pass, buffers: list[Buffer]) -> None:
        """A backward pass has come back."""
        self._ended = running is self._running
        self._arrived = {buffer: buffer.grad_version for buffer in buffers}

    def complete(self, optimized: Optimized, pattern: Pattern | None, ledger: Ledger) -> Template | None:
        """The step is over: its template, if it was ordinary."""
        forward, running, optimizer = self._forward, self._running, optimized.ref()
        if not (self._ordinary and self._ended and self._path is not None and len(optimized.looks) == 1):
            return None
        if forward is None or running is None or optimizer is None or pattern is None or optimized.has_closure:
            return None
        if not _is_ordinary(forward, running) or optimized.looks[0].fresh != {running} or pattern.count < 2:
            return None
        held = [leaf for group in optimizer.param_groups for leaf in group["params"]]
        leaves = [leaf for leaf in held if leaf.grad is not None]
        buffers = [buffer for leaf in leaves if (buffer := ledger.known(leaf)) is not None]
        if len(buffers) != len(leaves) or len(leaves) != running.reached or not all(map(_can_be_silent, leaves)):
            return None
        if any(buffer.passes != [running] or set(buffer.used) != {optimized.consumer} for buffer in buffers):
            return None
        return Template(
            optimizer=optimized.ref, optimized=optimized, pattern=pattern, root=forward.root, forward=forward,
            loss=self._loss, leaves=leaves, buffers=buffers,
            versions=[buffer.grad_version for buffer in buffers],
            arrived=[self._arrived.get(buffer, -1) for buffer in buffers],
            spare=[(leaf, leaf.requires_grad) for leaf in held if leaf.grad is None],
            path=self._path, line=running.line, forward_place=self._places[0], backward_place=self._places[1],
        )  # fmt: skip


def _is_ordinary(forward: Forward, running: Pass) -> bool:
    known = forward.root.ref() is not None and forward.batch is None and forward.entered is not None
    modes = forward.training and forward.grad_enabled and forward.trained
    return known and modes and running.forwards == [forward] and forward.over_rows is None


def _can_be_silent(leaf: Tensor) -> bool:
    """Whether all hooks of a leaf are ours."""
    before: Any = leaf._backward_hooks
    after: Any = leaf._post_accumulate_grad_hooks
    return is_plain(leaf) and before is not None and len(before) == 1 and after is not None and len(after) == 1


def _path(root: Tensor, forward: Forward) -> tuple[int, ...] | None:
    """The way from a root to a forward's output; None when it is a long one."""
    todo: list[tuple[Any, tuple[int, ...]]] = [(root.grad_fn, ())]
    for node, path in todo:
        if node is None:
            continue
        if node.metadata.get(KEY) is forward:
            return path
        if len(path) < MAX_PATH and len(todo) < MAX_NODES:
            todo += [(following, (*path, number)) for number, (following, _) in enumerate(node.next_functions)]
    return None


def place_of(entry: str, depth: int, frame: FrameType | None) -> Place | None:
    """Where the nearest frame of the entry file is."""
    for _ in range(depth):
        if frame is None:
            return None
        if frame.f_code.co_filename == entry:
            return frame.f_code, frame.f_lasti, frame.f_lineno
        frame = frame.f_back
    return None


def depth_of(place: Place, frame: FrameType | None) -> int:
    """How far up from a frame the nearest one of a place's file is; 0 when there is none."""
    entry = place[0].co_filename
    for depth in range(MAX_DEPTH):
        if frame is None:
            return 0
        if frame.f_code.co_filename == entry:
            return depth
        frame = frame.f_back
    return 0


def is_at(place: Place, depth: int) -> bool:
    """Whether the frame that is so far up from the caller's is at that place."""
    try:
        frame = sys._getframe(depth + 1)
    except ValueError:  # there are not so many
        return False
    # the line has to be looked up in a table of the code, the instruction has not
    return frame.f_code is place[0] and (frame.f_lasti == place[1] or frame.f_lineno == place[2])
