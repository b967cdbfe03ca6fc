"""What comes while all steps are alike: each event is compared with the template, by as little as shows a difference.

A step is a forward, at most one loss, a backward pass and a step of the optimizer. What is here runs in each of them:
hence attributes without underscores that `Steady` reads, and loops in C.
"""

from __future__ import annotations

import math
import sys
import time
import weakref
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from .template import Template, depth_of, is_at

if TYPE_CHECKING:
    from .forwards import Forwards

_task_id = torch._C._current_graph_task_id
_functorch_level = torch._C._functorch.maybe_current_level
_tracing = torch._C._get_tracing_state
_now = time.monotonic
_gradient_of = attrgetter("grad")
_version_of = attrgetter("_version")
_is_trained = attrgetter("requires_grad")

#: what came last: nothing since a step, a forward, a backward pass, the beginning of a step
IDLE, FORWARDED, BACKED, STEPPING = range(4)
TICK_SECONDS = 0.25
#: what all gradients are before a backward pass
_NOTHING = {None}


def nothing() -> None:
    """A reference to what is not there."""


class Glances:
    """The step that the loop is in, and those before it that are not in the books yet."""

    def __init__(self, forwards: Forwards, reads: Callable[[int], bool]) -> None:
        self.forwards = forwards
        #: whether a loss that is not on the CPU is read in the call after so many
        self.reads = reads
        #: a run of ordinary steps is being followed
        self.on = False
        #: gives the loss that a scaler multiplied, for the result
        self.origin: Callable[[Tensor], Tensor] = lambda root: root
        self.template: Template | None = None
        self.module: Callable[[], nn.Module | None] = nothing
        #: the iterator that gives the batches, and whether their labels are looked at
        self.iterator: Callable[[], object] = nothing
        self.labelled = False
        self.left = 0
        #: not in the books yet: steps, samples and losses of passes, batches of a loader
        self.steps = self.batches = 0
        self.samples: list[int] = []
        self.values: list[float | None] = []
        self.waiting = False
        self._tick_at = 0.0
        self.start(0)

    def start(self, number: int) -> None:
        """No step has begun. `number`: of the newest forward."""
        self.state = IDLE
        self.number = number
        self.entering: tuple[nn.Module, Any, Any] | None = None
        #: of the newest forward: its output and what went into it, its node in the graph
        self.output: Callable[[], Tensor | None] = nothing
        self.entered: Callable[[], Tensor | None] = nothing
        self.node: Any = None
        self.size, self.judged = 1, False
        self.sampled: Tensor | None = None
        #: whether a loss function was called, and what it returned
        self.lost = False
        self.result: Callable[[], Tensor | None] = nothing
        #: where the newest backward pass began, and the loss there
        self.root: Callable[[], Tensor | None] = nothing
        self.value: float | None = None
        self.cleared = False
        self.gradients: list[Tensor | None] = []
        self.weights: list[int] = []
        #: how many frames up the student's lines are: not looked for yet
        self._forward_depth = self._backward_depth = 0
        self._tick_at = _now() + TICK_SECONDS

    def leave(self, *, returned: bool = False) -> None:
        """Something is different, or it is time for a close look."""
        raise NotImplementedError

    def tick(self) -> None:
        """Time has passed."""
        raise NotImplementedError

    # -- the model --------------------------------------------------------------------------------------

    def enters(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """A module is called; True when it is the one that is expected."""
        if self.state == IDLE and module is self.module() and module.training and args and not kwargs:
            self.entering = module, args, kwargs
            return True
        self.leave()
        return False

    def returns(self, module: nn.Module, args: tuple[Any, ...], output: Any) -> bool:
        """A module has returned; True when nothing about that is new."""
        entering, template = self.entering, self.template
        if entering is not None and entering[0] is module and template is not None:
            samples = args[0]
            if type(output) is Tensor and type(samples) is Tensor and self._is_usual(template, samples, output):
                self.entering = None
                self.output, self.entered = weakref.ref(output), weakref.ref(samples)
                self.lost = self.judged = False
                self.state = FORWARDED
                return True
        self.leave(returned=True)
        return False

    def _is_usual(self, template: Template, samples: Tensor, output: Tensor) -> bool:
        node, shape = output.grad_fn, samples.shape
        if node is None or not shape or samples.layout is not torch.strided or not _is_ordinary():
            return False
        depth = self._forward_depth or depth_of(template.forward_place, sys._getframe())
        if not is_at(template.forward_place, depth):
            return False
        modal = template.root.modal
        if modal and sum([part.training for part in modal]) != template.forward.modal_training:
            return False
        self._forward_depth = depth
        # the node, and no tensor, is held until the next forward: it knows its graph again
        self.node, self.size = node, shape[0]
        self.number += 1
        forwards = self.forwards
        if self.sampled is not None or (forwards.first_epoch and forwards.wants_trained()):
            self._sample(template, samples)
        return True

    def _sample(self, template: Template, samples: Tensor) -> None:
        """A few values of the samples, to be kept once they are trained on, as those before them were."""
        forwards = self.forwards
        if self.sampled is not None:
            forwards.keep_trained(template.root, self.sampled)
        wanted = forwards.first_epoch and forwards.wants_trained()
        self.sampled = forwards.sample(samples) if wanted else None

    # -- loss, evaluation, clearing, batches ------------------------------------------------------------

    def loses(self, name: str, result: object) -> bool:
        """A loss function has returned; True when it is the one that is expected."""
        template = self.template
        if template is None or template.loss is None or self.state != FORWARDED or self.lost:
            return False
        if template.loss.function != name or not isinstance(result, Tensor) or not result.requires_grad:
            return False
        if not _is_ordinary():
            return False
        self.lost, self.result = True, weakref.ref(result)
        return True

    def judges(self, tensor: Tensor, renames: bool, axis: object) -> bool:
        """A tensor went into argmax or the like; False when the books must know."""
        if self.entering is not None:
            return True  # inside of the model
        output = self.output()
        if output is None or (tensor is not output and tensor._base is not output and not _same_place(tensor, output)):
            return False
        if renames or axis in (0, -2):
            self.leave()
            return False
        self.judged = True
        return True

    def clears(self) -> bool:
        """A call that clears gradients; False where that is not expected."""
        if self.state >= BACKED:
            self.leave()
            return False
        self.cleared = True
        self.gradients = []
        return True

    def yields(self, iterator: object) -> bool:
        """A loader gives a batch; True when it is the one that gave the last."""
        if self.iterator() is not iterator:
            self.leave()
            return False
        self.batches += 1
        self.waiting = True
        return True

    # -- the backward pass ------------------------------------------------------------------------------

    def begins(self, root: Any, weighted: bool) -> bool:
        """A backward pass begins; True when it is the one that is expected."""
        template = self.template
        ready = template is not None and self.state == FORWARDED and not weighted and type(root) is Tensor
        if ready and template is not None and self._may_begin(template, root):
            self.gradients = []
            return True
        self.leave()
        return False

    def _may_begin(self, template: Template, root: Tensor) -> bool:
        leaves = template.leaves
        if template.loss is not None and not self.lost:
            return False
        if following(root.grad_fn, template.path) is not self.node:
            return False
        if {*map(_gradient_of, leaves)} != _NOTHING or [*map(_version_of, leaves)] != self.weights:
            return False
        if not all(map(_is_trained, leaves)):
            return False
        if template.spare and any(leaf.requires_grad is not trains for leaf, trains in template.spare):
            return False
        depth = self._backward_depth or depth_of(template.backward_place, sys._getframe())
        if not is_at(template.backward_place, depth):
            return False
        self._backward_depth = depth
        return self._read(root)

    def _read(self, root: Tensor) -> bool:
        """The loss, before any scaler; False when it is not finite."""
        origin = self.origin(root)
        if origin.numel() != 1 or not (origin.is_cpu or self.reads(len(self.values) + 1)):
            self.value = None
        else:
            value = self.value = origin.item()
            if not math.isfinite(value):
                return False
        self.root = weakref.ref(root)
        return True

    def ended(self) -> None:
        """The backward pass has come back."""
        template = self.template
        if template is None or self.state != FORWARDED:
            return  # something came in the middle of it
        self.gradients = [leaf.grad for leaf in template.leaves]
        self.values.append(self.value)
        self.samples.append(self.size)
        self.state = BACKED
        self.waiting = False

    # -- the step ---------------------------------------------------------------------------------------

    def steps_with(self, optimizer: Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """A step begins; True when it is the one that is expected, and finds what is expected."""
        template = self.template
        ready = template is not None and self.state == BACKED and len(args) == 1 and not kwargs
        if ready and template is not None and optimizer is template.optimizer() and self._is_untouched(template):
            template.optimized.rates.note(optimizer.param_groups[0].get("lr"))
            self.state = STEPPING
            return True
        self.leave()
        return False

    def _is_untouched(self, template: Template) -> bool:
        for leaf, gradient, version in zip(template.leaves, self.gradients, template.versions, strict=True):
            if gradient is None or leaf.grad is not gradient or gradient._version != version:
                return False
        return not template.spare or all(leaf.grad is None for leaf, _ in template.spare)

    def stepped(self) -> None:
        """The step is over."""
        template = self.template
        assert template is not None
        self.state = IDLE
        self.cleared = False
        self.weights = [*map(_version_of, template.leaves)]
        self.steps += 1
        self.left -= 1
        if self.left <= 0:
            self.leave()
        elif _now() > self._tick_at:
            self._tick_at = _now() + TICK_SECONDS
            self.tick()


def following(node: Any, path: tuple[int, ...]) -> Any:
    """The node of a graph that a path leads to from another; None where it ends before."""
    for number in path:
        functions = node.next_functions if node is not None else ()
        if number >= len(functions):
            return None
        node = functions[number][0]
    return node


def _is_ordinary() -> bool:
    """Not inside a backward pass that computes again, a function transform or a tracer."""
    return _task_id() == -1 and _functorch_level() is None and _tracing() is None


def _same_place(tensor: Tensor, output: Tensor) -> bool:
    return tensor.layout is torch.strided and tensor.data_ptr() == output.data_ptr()
