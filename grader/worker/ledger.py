"""What is in each gradient just before autograd adds to it, and who uses it when."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from .content import bits_of, busiest, is_zero, reads_zero
from .guard import Guard
from .passes import BY_HAND, Pass, Passes

_task_id = torch._C._current_graph_task_id

#: the consumer that is no optimizer
HAND = 0
MAX_BUFFERS = 20_000
MAX_HELD = 64
#: so many buffers are there before those of dead leaves are looked for
TIDY_FIRST = 1024
OBSERVER = "gradients"


class Buffer:
    """The gradient buffer of one leaf: contributions in it, and how many of them each consumer has used."""

    __slots__ = (
        "__weakref__",
        "applied",
        "base",
        "bits",
        "cleared",
        "grad",
        "grad_version",
        "handles",
        "holder",
        "lead",
        "name",
        "passes",
        "probe",
        "received",
        "ref",
        "seen",
        "shape",
        "stepped_at",
        "used",
        "version",
        "zeros",
    )

    def __init__(self, leaf: Tensor, name: str) -> None:
        self.ref = weakref.ref(leaf)
        self.name = name
        self.shape = tuple(leaf.shape)
        #: contributions in the buffer: how many are too old to be known one by one, and those after them in order
        self.base = 0
        self.passes: list[Pass] = []
        #: consumer -> how many of the contributions in the buffer it has used
        self.used: dict[int, int] = {}
        #: the gradient tensor and its version as last seen
        self.grad: Callable[[], Tensor | None] = _nothing
        self.grad_version = -1
        #: where the gradient was largest: a value other than 0 there proves that it was not cleared
        self.probe: int | None = None
        #: whether the last contribution was seen to leave nothing but zeros
        self.zeros: bool | None = None
        #: the leaf's own version and bits as last seen
        self.version = leaf._version
        self.bits: int | None = None
        #: autograd has called a hook of this leaf, so that from now on changes are updates
        self.seen = False
        self.received = 0
        #: whether anybody ever applied what was in it
        self.applied = False
        #: when, on the clock of passes, an optimizer last took a step with it; 0 for never
        self.stepped_at = 0
        #: the newest contribution that was cleared
        self.cleared: Pass | None = None
        #: the optimizer that steps with it; -1 when there are several
        self.holder = 0
        #: the buffer of the same optimizer that is looked at in the place of this one, while all is calm
        self.lead: Buffer | None = None
        self.handles: tuple[Any, ...] = ()

    @property
    def held(self) -> int:
        """How many contributions are in the buffer."""
        return self.base + len(self.passes)


def _nothing() -> None:
    return None


class Ledger:
    """Hooks on leaves; decides by content, never by the order or the names of calls."""

    def __init__(self, guard: Guard, passes: Passes) -> None:
        self._guard = guard
        self.passes = passes
        self.buffers: dict[int, Buffer] = {}
        self._tidy_at = TIDY_FIRST
        #: look at every buffer, and at content even where nothing is suspicious; otherwise all is calm
        self.close = True
        #: something unusual was seen while all was calm
        self.surprised = False
        #: depth of optimizer steps that are running: changes inside are theirs
        self.stepping = 0
        #: called with a buffer that was updated without an optimizer, and whether it applied something again
        #: called when a leaf gets a gradient that none was expected for
        self.on_surprise: Callable[[], None] = lambda: None
        self.on_hand_update: Callable[[Buffer, int, list[Pass]], None] = lambda buffer, stale, fresh: None

    # -- finding leaves ---------------------------------------------------------------------------------

    def watch(self, leaf: Tensor, name: str = "") -> Buffer | None:
        """Follow a leaf that requires a gradient; None when there is nothing to follow."""
        buffer = self.buffers.get(id(leaf))
        if buffer is not None and buffer.ref() is leaf:
            buffer.name = buffer.name or name
            return buffer
        if not leaf.requires_grad or not leaf.is_leaf or len(self.buffers) >= MAX_BUFFERS:
            return None
        if torch.nn.parameter.is_lazy(leaf):
            return None
        if len(self.buffers) >= self._tidy_at:
            self.forget_dead()
        buffer = self.buffers[id(leaf)] = Buffer(leaf, name)
        self._hook(buffer, leaf)
        return buffer

    def _hook(self, buffer: Buffer, leaf: Tensor) -> None:
        frozen = not leaf.requires_grad
        if frozen:  # since its hooks were taken away
            leaf.requires_grad = True
        buffer.handles = (
            leaf.register_hook(self._hook_before(buffer)),  # type: ignore[no-untyped-call]
            leaf.register_post_accumulate_grad_hook(self._hook_after(buffer)),  # type: ignore[no-untyped-call]
        )
        if frozen:
            leaf.requires_grad = False

    def silence(self, buffers: list[Buffer]) -> None:
        """Take the hooks away from leaves that have no others: even an empty list of hooks costs time."""
        for buffer in buffers:
            for handle in buffer.handles:
                handle.remove()
            leaf, buffer.handles = buffer.ref(), ()
            if leaf is not None and not leaf._backward_hooks:
                leaf._backward_hooks = None
            if leaf is not None and not leaf._post_accumulate_grad_hooks:
                leaf._post_accumulate_grad_hooks = None  # type: ignore[assignment]

    def listen(self, buffers: list[Buffer]) -> None:
        """Put them back."""
        for buffer in buffers:
            leaf = buffer.ref()
            if leaf is not None and not buffer.handles:
                self._hook(buffer, leaf)

    def known(self, leaf: Tensor) -> Buffer | None:
        """The buffer of a leaf that is being followed."""
        buffer = self.buffers.get(id(leaf))
        return buffer if buffer is not None and buffer.ref() is leaf else None

    def forget_dead(self) -> None:
        """Drop leaves that no longer exist."""
        dead = [key for key, buffer in self.buffers.items() if buffer.ref() is None]
        for key in dead:
            del self.buffers[key]
        self._tidy_at = max(TIDY_FIRST, 2 * len(self.buffers))

    def remove(self) -> None:
        """Take all hooks away."""
        for buffer in self.buffers.values():
            for handle in buffer.handles:
                handle.remove()
        self.buffers.clear()

    def _hook_before(self, buffer: Buffer) -> Callable[[Tensor], None]:
        failed, before = self._guard.failed, self.before

        def hook(gradient: Tensor) -> None:
            if buffer.lead is not None and not self.close:
                return
            leaf = buffer.ref()
            if leaf is None or OBSERVER in failed:
                return
            try:
                self.on_surprise()
                before(buffer, leaf)
            except Exception as error:
                self._guard.note(OBSERVER, error)

        hook.__torch_unserializable__ = True  # type: ignore[attr-defined]
        return hook

    def _hook_after(self, buffer: Buffer) -> Callable[[Tensor], None]:
        failed, after = self._guard.failed, self.after

        def hook(leaf: Tensor) -> None:
            if (buffer.lead is not None and not self.close) or OBSERVER in failed:
                return
            try:
                after(buffer, leaf)
            except Exception as error:
                self._guard.note(OBSERVER, error)

        return hook

    # -- the two moments --------------------------------------------------------------------------------

    def before(self, buffer: Buffer, leaf: Tensor) -> None:
        """Autograd is about to add: what is there already?"""
        if not self.stepping:
            if buffer.seen:
                self.notice_update(buffer, leaf)
        elif leaf._version != buffer.version:
            # an optimizer that asks for gradients again has moved the weights by those that were there
            for running in buffer.passes:
                self.passes.applied(running)
        buffer.seen = True
        gradient = leaf.grad
        if gradient is None:
            if buffer.base or buffer.passes:
                self.clear(buffer)
        elif self.untouched(buffer, gradient) and buffer.passes and not buffer.used and not self.close:
            return  # micro-batches: nothing used, nothing written
        elif not self.emptied(buffer, gradient):
            self.adopt(buffer, gradient)
        elif not self.added_nothing(buffer, gradient):
            self.clear(buffer)

    def after(self, buffer: Buffer, leaf: Tensor) -> None:
        """Autograd has added the contribution of the running pass."""
        passes = self.passes
        # the same as passes.current(), without a call for every parameter
        running = passes.newest if passes.task == _task_id() else passes.current()
        held = buffer.passes
        if not held or held[-1] is not running:
            held.append(running)
            buffer.received += 1
            passes.arrived(running)
        gradient = leaf.grad
        if gradient is None:
            return
        buffer.grad = weakref.ref(gradient)
        buffer.grad_version = gradient._version
        buffer.version = leaf._version
        buffer.zeros = None
        if self.close or not buffer.stepped_at:
            self._look(buffer, leaf, gradient)

    def _look(self, buffer: Buffer, leaf: Tensor, gradient: Tensor) -> None:
        """What is needed later to tell zeros from cleared, and an update by `.data` from none."""
        if not buffer.stepped_at:
            buffer.bits = bits_of(leaf)
        if self._proven_full(buffer, gradient):
            buffer.zeros = False
            return
        buffer.probe = busiest(gradient)
        buffer.zeros = is_zero(gradient)

    # -- what is there now ------------------------------------------------------------------------------

    def untouched(self, buffer: Buffer, gradient: Tensor | None) -> bool:
        """The same tensor as last seen, and nobody wrote to it in a way that counts versions."""
        return gradient is not None and buffer.grad() is gradient and gradient._version == buffer.grad_version

    def emptied(self, buffer: Buffer, gradient: Tensor) -> bool:
        """All zeros. Looks at one value where that is proof enough."""
        return not self._proven_full(buffer, gradient) and is_zero(gradient)

    def _proven_full(self, buffer: Buffer, gradient: Tensor) -> bool:
        return buffer.probe is not None and reads_zero(gradient, buffer.probe) is False

    def added_nothing(self, buffer: Buffer, gradient: Tensor) -> bool:
        """All zeros because the contributions were: only ever true of content that nobody has used."""
        pending = bool(buffer.passes) and not buffer.used
        return pending and buffer.zeros is not False and self.untouched(buffer, gradient)

    def adopt(self, buffer: Buffer, gradient: Tensor) -> None:
        """There is content: ours as it was, ours transformed, or somebody else's."""
        held = buffer.held
        replaced = buffer.grad() is not gradient
        if not held or (replaced and max(buffer.used.values(), default=0) == held):
            self.clear(buffer)
            buffer.passes.append(BY_HAND)
        buffer.grad = weakref.ref(gradient)
        buffer.grad_version = gradient._version

    def clear(self, buffer: Buffer) -> None:
        """The buffer is empty: forget what was in it."""
        for running in buffer.passes:
            if running is not BY_HAND:
                self.passes.cleared(running)
                if not running.used:
                    buffer.cleared = running
        buffer.base = 0
        buffer.passes = []
        buffer.used = {}

    # -- one for many -----------------------------------------------------------------------------------

    def appoint(self, buffers: list[Buffer], consumer: int) -> Buffer | None:
        """Let one buffer stand for all of an optimizer's, when all have the same account; None when they differ."""
        lead = buffers[0] if buffers else None
        for buffer in buffers:
            buffer.holder = consumer if buffer.holder in (0, consumer) else -1
        same = lead is not None and all(
            buffer.holder == consumer and buffer.passes == lead.passes and buffer.used == lead.used
            for buffer in buffers
        )
        same = same and lead is not None and BY_HAND not in lead.passes
        for buffer in buffers:
            buffer.lead = lead if same and buffer is not lead else None
        return lead if same else None

    def look_closely(self, *, surprised: bool = False) -> None:
        """Calm is over: those that were not looked at take over the account of the one that was.

        `surprised`: what is in their gradients now need not be what the account says.
        """
        self.close = True
        self.surprised = self.surprised or surprised
        for buffer in self.buffers.values():
            leaf = buffer.ref()
            if buffer.lead is not None and leaf is not None:
                self._mirror(buffer, buffer.lead, leaf, None if surprised else leaf.grad)

    def _mirror(self, buffer: Buffer, lead: Buffer, leaf: Tensor, gradient: Tensor | None) -> None:
        for running in buffer.passes:
            running.live -= 1
        for running in lead.passes:
            running.live += 1
        buffer.base, buffer.passes, buffer.used = lead.base, list(lead.passes), dict(lead.used)
        buffer.grad = _nothing if gradient is None else weakref.ref(gradient)
        buffer.grad_version = -1 if gradient is None else gradient._version
        buffer.version, buffer.zeros, buffer.cleared = leaf._version, None, lead.cleared
        buffer.stepped_at = lead.stepped_at

    # -- who uses it ------------------------------------------------------------------------------------

    def use_as_ever(self, buffer: Buffer, leaf: Tensor, consumer: int, again: bool) -> list[Pass] | None:
        """`use`, where a glance shows new contributions: alone, or (`again`) on top of some that were used before.

        None, and nothing is used, when it shows anything else.
        """
        gradient = leaf.grad
        before = buffer.used.get(consumer, 0)
        if gradient is None or not buffer.passes or buffer.held <= before or (before > 0) != again:
            return None
        if not self.untouched(buffer, gradient):
            if not self._proven_full(buffer, gradient):
                return None
            buffer.grad, buffer.grad_version = weakref.ref(gradient), gradient._version
        return self.use(buffer, consumer)[1]

    def use(self, buffer: Buffer, consumer: int) -> tuple[int, list[Pass]]:
        """A consumer applies the whole buffer: how many contributions again, and which for the first time."""
        before = buffer.used.get(consumer, 0)
        held = buffer.held
        fresh = buffer.passes[max(0, before - buffer.base) :]
        for running in fresh:
            self.passes.applied(running)
        buffer.used[consumer] = held
        buffer.applied = True
        if len(buffer.passes) > MAX_HELD:  # all used now; where nothing is ever cleared, the oldest are only counted
            dropped = len(buffer.passes) - MAX_HELD // 2
            buffer.base += dropped
            del buffer.passes[:dropped]
        return before, fresh

    def changed_by_step(self, groups: list[dict[str, Any]]) -> None:
        """An optimizer changed its parameters: from now on that is what they are."""
        buffers = self.buffers
        for group in groups:
            for leaf in group["params"]:
                buffer = buffers.get(id(leaf))
                if buffer is not None:
                    buffer.version = leaf._version

    def changed(self, buffer: Buffer) -> None:
        """The same for one."""
        leaf = buffer.ref()
        if leaf is not None:
            buffer.version = leaf._version

    def notice_update(self, buffer: Buffer, leaf: Tensor) -> bool:
        """Whether a leaf was changed without an optimizer since it was last looked at."""
        changed = leaf._version != buffer.version
        if not changed and buffer.bits is not None and not buffer.stepped_at:
            changed = bits_of(leaf) != buffer.bits
        if changed:
            buffer.version = leaf._version
            buffer.bits = None if buffer.stepped_at else bits_of(leaf)
            stale, fresh = self.use(buffer, HAND)
            self.on_hand_update(buffer, stale, fresh)
        return changed
