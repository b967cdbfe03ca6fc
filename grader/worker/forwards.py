"""Calls of root modules: where, in which mode, and whether a backward pass went through them."""

from __future__ import annotations

import contextlib
import sys
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.compiler import is_compiling

from .content import first_tensor, is_plain
from .discovery import below, own_parameters
from .fingerprints import MAX_OTHER, MAX_TRAINED, Blocks, fingerprints
from .forward import Forward, Group, Mark
from .guard import Guard
from .lines import Lines
from .passes import Passes
from .roots import Root, are_kin
from .sighting import Sighting
from .template import place_of

if TYPE_CHECKING:
    from .steady import Steady

_task_id = torch._C._current_graph_task_id
_functorch_level = torch._C._functorch.maybe_current_level
_tracing = torch._C._get_tracing_state

OBSERVER = "forwards"
MAX_GROUPS = 64
MAX_PENDING = 512
#: so many modules are followed before dead ones are looked for
MAX_ROOTS = 4096
#: how many newer forwards there must be before one without a graph is booked
SETTLED = 8
#: outermost calls after which modules that were only ever called inside another are left alone
PRUNE_AFTER = 4
#: frames between a hook and the student's line
MAX_DEPTH = 12


class Hook:
    """A hook on a module that stays behind when the module is saved."""

    def __init__(self, forwards: Forwards, root: Root) -> None:
        self.forwards = forwards
        self.root = root

    def __deepcopy__(self, memo: object) -> Hook:
        return self  # a copy of a model is watched as well

    def __reduce__(self) -> tuple[Any, ...]:
        # loads anywhere, and does nothing there
        return getattr, (contextlib.nullcontext(), "__exit__")


class Before(Hook):
    """Runs before a module."""

    def __call__(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if is_compiling() or self.forwards.blind:
            return
        try:
            steady = self.forwards.steady
            if steady is None or not steady.on or not steady.enters(module, args, kwargs):
                self.forwards.enter(self.forwards.root_of(module, self.root), module, args, kwargs)
        except Exception as error:
            self.forwards.fail(error)


class After(Hook):
    """Runs after a module, also when it raised."""

    def __call__(self, module: nn.Module, args: tuple[Any, ...], output: object) -> None:
        if is_compiling() or self.forwards.blind:
            return
        try:
            steady = self.forwards.steady
            if steady is None or not steady.on or not steady.returns(module, args, output):
                self.forwards.leave(self.forwards.root_of(module, self.root), module, output)
        except Exception as error:
            self.forwards.fail(error)


class Forwards:
    """Hooks on modules that may be roots, and the book of their calls."""

    def __init__(self, guard: Guard, lines: Lines, passes: Passes) -> None:
        self._guard = guard
        #: failed, or the run is over: hooks that were copied with a model cannot be taken away
        self.blind = False
        self._lines = lines
        self._passes = passes
        self.roots: dict[int, Root] = {}
        self.pending: deque[Forward] = deque()
        self.groups: dict[tuple[object, ...], Group] = {}
        self._settle_at = 2 * SETTLED
        self.depth = 0
        self.count = 0
        #: the call that is running
        self._entered: Forward | None = None
        #: the newest call, whatever became of it
        self.newest: Forward | None = None
        #: set by whoever watches the loaders
        self.loader_pass = 0
        self.first_epoch = True
        self.trained_samples = 0
        self.other_samples = 0
        self._trained_chunks: dict[Root, list[Tensor]] = {}
        #: forwards whose graph was executed again after an update
        self.across_step = Sighting()
        #: outputs whose maximum was taken over the rows only
        self.over_rows = Sighting()
        #: called with line, whether this looks like training, and input; returns a copy to keep
        self.on_enter: Callable[[int | None, bool, Tensor | None], Any] = lambda *arguments: None
        #: follows the loop while all its steps are alike
        self.steady: Steady | None = None
        self._samples = Blocks()
        #: whether `on_enter` is to be called for training forwards too
        self.attentive = True
        self.on_decided: Callable[[Forward], None] = lambda forward: None
        #: called with each output, by whoever counts right answers
        self.on_output: Callable[[Tensor], None] | None = None

    # -- modules ----------------------------------------------------------------------------------------

    def watch(self, module: nn.Module) -> None:
        """Follow a module and those inside it that hold parameters: any of them may be called from outside."""
        if len(self.roots) > MAX_ROOTS:
            self.roots = {key: root for key, root in self.roots.items() if root.ref() is not None}
        for name, part in below(module):
            if id(part) in self.roots and self.roots[id(part)].ref() is part:
                continue
            if next(own_parameters(part), None) is not None or name == "":
                self._hook(part)

    def root_of(self, module: nn.Module, root: Root) -> Root:
        """The record of a module; a copy has come by its hooks in its own way."""
        if root.ref() is module:
            return root
        known = self.roots.get(id(module))
        if known is None or known.ref() is not module:
            known = self.roots[id(module)] = Root(module)
            # a copy of a trained model knows what that was trained on; one of a fresh model knows nothing
            known.ancestor = root if root.updates else None
        return known

    def fail(self, error: Exception) -> None:
        """Something of ours went wrong: look no more."""
        self.blind = True
        self._guard.note(OBSERVER, error)

    def _hook(self, module: nn.Module) -> None:
        self.roots[id(module)] = Root(module)
        self._attach(self.roots[id(module)], module)

    def _attach(self, root: Root, module: nn.Module) -> None:
        # the methods of nn.Module itself: a scripted or traced module has its own, which only raise
        root.handles = [
            nn.Module.register_forward_pre_hook(module, Before(self, root), with_kwargs=True),
            nn.Module.register_forward_hook(module, After(self, root), always_call=True),
        ]

    def _prune(self) -> None:
        """Stop following modules that were only ever called inside another."""
        for root in self.roots.values():
            if root.handles and root.inner and not root.outer:
                remove_all(root.handles)

    def remove(self) -> None:
        """Take all hooks away."""
        for root in self.roots.values():
            remove_all(root.handles)

    @contextlib.contextmanager
    def suspended(self) -> Iterator[None]:
        """No hooks for the length of a `with`: a scripting compiler would read them as part of the model."""
        hooked = [(root, root.ref()) for root in self.roots.values() if root.handles]
        self.remove()
        try:
            yield
        finally:
            for root, module in hooked:
                if module is not None:
                    self._attach(root, module)

    # -- a call -----------------------------------------------------------------------------------------

    def enter(self, root: Root, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """A module is about to be called."""
        self.depth += 1
        if self.depth > 1:
            root.inner += 1
            return
        self._entered = None
        if _task_id() != -1:
            self._recomputed(root)
            if self.steady is not None:
                self.steady.draft.spoil()
        elif _functorch_level() is None and _tracing() is None:
            samples = args[0] if args and isinstance(args[0], Tensor) else first_tensor((args, kwargs))
            self._begin(root, module, samples)

    def _begin(self, root: Root, module: nn.Module, samples: Tensor | None) -> None:
        root.outer += 1
        if self.newest is not None:
            self.newest.pointer = 0  # the tensors of this call may lie where that output lay
        if root.outer <= SETTLED or not root.outer % 16:
            root.refresh(module)
        line = self._lines.here()
        root.line = root.line or line
        forward = self._entered = Forward(self.count, root, line)
        self.count += 1
        trains = module.training and torch.is_grad_enabled()
        if self.attentive or not trains:
            forward.batch = self.on_enter(line, trains, samples)
        if samples is None or not is_plain(samples):
            return
        if samples.dim():
            forward.samples = samples.shape[0]
        forward.entered = weakref.ref(samples)
        if self.first_epoch and self.trained_samples < MAX_TRAINED if trains else self.other_samples < MAX_OTHER:
            forward.sampled = self.sample(samples)

    def entered_at(self, line: int | None) -> None:
        """The line of the call that is running, where it was not looked up."""
        if self._entered is not None:
            self._entered.line = line

    def sample(self, samples: Tensor) -> Tensor | None:
        """A few values of each sample, to be kept."""
        return self._samples.keep(samples)

    def _book_trained(self) -> None:
        """Book those that came before, in their order."""
        waiting = [forward for forward in self.pending if not forward.trained]
        for forward in [forward for forward in self.pending if forward.trained]:
            self._book(forward)
        self.pending = deque(waiting)

    def wants_trained(self) -> bool:
        """Whether samples that are trained on are still to be remembered."""
        return self.trained_samples < MAX_TRAINED

    def count_trained(self, example: Forward, sizes: list[int]) -> None:
        """Forwards like this one, of so many samples each, were trained on."""
        if sizes:
            self._book_trained()
            group = self._group_of(example)
            if group is not None:
                group.add_many(sizes, self.loader_pass)

    def _recomputed(self, root: Root) -> None:
        """A checkpoint calls again during backward what it called without a graph before."""
        for forward in reversed(self.pending):
            if forward.root is root and not forward.trained and forward.mark() is None:
                self._passes.current().went_through(forward)
                forward.trained = True
                return

    def leave(self, root: Root, module: nn.Module, output: object) -> None:
        """A module has returned, or raised."""
        self.depth = max(0, self.depth - 1)
        forward = self._entered
        if self.depth or forward is None:
            return
        self._entered = None
        result = output if isinstance(output, Tensor) else first_tensor(output)
        if result is None:
            return
        self._remember(forward, module, result)
        if self.on_output is not None:
            self.on_output(result)
        if root.outer == PRUNE_AFTER:
            self._prune()

    def _remember(self, forward: Forward, module: nn.Module, output: Tensor) -> None:
        forward.training = module.training
        for part in forward.root.modal:
            forward.modal_training += part.training
        forward.loader_pass = self.loader_pass
        if self.newest is not None:
            self.newest.pointer = 0  # its memory may belong to another tensor soon
        self.newest = forward
        forward.outputs.append(weakref.ref(output))
        if is_plain(output) and output.layout == torch.strided:
            forward.pointer = output.data_ptr()
        if output.requires_grad:
            forward.grad_enabled = torch.is_grad_enabled() and (module.training or not _asks_for_gradients(forward))
            mark = Mark(forward, self._passes, self.across_step)
            output.register_hook(mark)  # type: ignore[no-untyped-call]
            forward.mark = weakref.ref(mark)
        self.pending.append(forward)
        if self.steady is not None and self.attentive:
            place = place_of(self._lines.entry, MAX_DEPTH, sys._getframe(2))
            self.steady.draft.forwarded(forward, output, place)
        if len(self.pending) > self._settle_at:
            self.settle()

    # -- afterwards -------------------------------------------------------------------------------------

    def judge(self, tensor: Tensor, result: object = None, axis: object = None) -> None:
        """A tensor went into argmax, max, topk (over `axis`) or a loss. `result`: another name for the output."""
        forward = self.find(tensor)
        if forward is None:
            return
        if isinstance(result, Tensor):
            forward.outputs.append(weakref.ref(result))
            del forward.outputs[4:]
        else:
            forward.judged = True
            if axis is not None and tensor.dim() == 2 and min(tensor.shape) > 1:
                forward.over_classes = forward.over_classes or axis in (1, -1)
                forward.over_rows = self._lines.here() if axis in (0, -2) else forward.over_rows

    def evaluating(self) -> Root | None:
        """The root that is being called, if that is in evaluation mode."""
        module = self._entered.root.ref() if self.depth and self._entered is not None else None
        return self._entered.root if self._entered is not None and module is not None and not module.training else None

    def find(self, tensor: Tensor) -> Forward | None:
        """The recent forward whose output this is."""
        pending = self.pending
        for place in range(len(pending) - 1, max(-1, len(pending) - 1 - SETTLED), -1):
            if pending[place].has(tensor):
                return pending[place]
        return None

    def recent_inputs(self) -> list[weakref.ref[Tensor]]:
        """What went into the newest forwards."""
        newest = list(self.pending)[-SETTLED:]
        return [forward.entered for forward in newest if forward.entered is not None]

    def settle(self, everything: bool = False) -> None:
        """Book the calls whose fate is known: their graph has died, or there are many newer ones."""
        waiting: list[Forward] = []
        while self.pending:
            forward = self.pending.popleft()
            age = self.count - forward.number
            if everything or (age > SETTLED and (age > MAX_PENDING or forward.mark() is None)):
                self._book(forward)
            else:
                waiting.append(forward)
                if age <= SETTLED:
                    break
        self.pending.extendleft(reversed(waiting))
        self._settle_at = len(self.pending) + SETTLED

    def _book(self, forward: Forward) -> None:
        group = self._group_of(forward)
        if group is not None:
            group.add(forward)
            if forward.sampled is not None:
                self._keep_sampled(forward, forward.sampled, group)
        if forward.over_rows is not None and not forward.over_classes:
            self.over_rows.note(forward.over_rows)
        self.on_decided(forward)

    def _group_of(self, forward: Forward) -> Group | None:
        key = (forward.root, forward.line, forward.trained, forward.training, forward.grad_enabled,
               len(forward.root.modal), forward.modal_training)  # fmt: skip
        return self.groups.get(key) or self._new_group(key)

    def _new_group(self, key: tuple[Any, ...]) -> Group | None:
        """A group for what was not seen before; when there are too many, one that differs in its root only."""
        if len(self.groups) < MAX_GROUPS:
            group = self.groups[key] = Group(*key)
            return group
        return next((group for known, group in self.groups.items() if known[1:] == key[1:]), None)

    def _keep_sampled(self, forward: Forward, values: Tensor, group: Group) -> None:
        if forward.trained:
            self.keep_trained(forward.root, values)
        else:
            self.other_samples += len(values)
            group.chunks.append(values)

    def keep_trained(self, root: Root, values: Tensor) -> None:
        """These are of samples that were trained on."""
        self.trained_samples += len(values)
        self._trained_chunks.setdefault(root, []).append(values)

    def refresh(self, is_updated: Callable[[Tensor], bool]) -> None:
        """See which roots had parameters updated."""
        for root in self.roots.values():
            module = root.ref()
            if root.outer and not root.updated and module is not None:
                root.updated = any(is_updated(parameter) for _, parameter in own_parameters(module))

    def compare(self) -> None:
        """Of the samples that were only looked at, count those that the same model was trained on."""
        for group in self.groups.values():
            if group.chunks:
                kin = [chunks for root, chunks in self._trained_chunks.items() if are_kin(group.root, root)]
                trained = fingerprints([chunk for chunks in kin for chunk in chunks])
                seen = fingerprints(group.chunks)
                group.compared, group.also_trained = len(seen), int(torch.isin(seen, trained).sum())


def remove_all(handles: list[Any]) -> None:
    """Remove hooks and forget their handles."""
    for handle in handles:
        handle.remove()
    handles.clear()


def _asks_for_gradients(forward: Forward) -> bool:
    """Whether gradients for the inputs are wanted: an evaluation on attacked images, a saliency map."""
    entered = forward.entered() if forward.entered is not None else None
    return entered is not None and entered.requires_grad
