"""Follows a loop whose steps are all alike with as little as shows that one is not; then all is as if looked at.

Between close looks a step is a forward, at most one loss, a backward pass and a step of the optimizer. Each of them
is compared with the template: places of the calls, modes, the way through the graph, gradients empty before, new
ones untouched after. Whatever differs, `leave` hands over to the thorough way in the middle of the step.
"""

from __future__ import annotations

import math
import sys
import time
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from . import backwards
from .forward import Forward, Mark
from .passes import Pass
from .template import KEY, Draft, Template, is_at

if TYPE_CHECKING:
    from .books import Books
    from .roots import Root

_task_id = torch._C._current_graph_task_id
_functorch_level = torch._C._functorch.maybe_current_level
_tracing = torch._C._get_tracing_state
_now = time.monotonic

#: what came last: nothing since a step, a forward, a backward pass, the beginning of a step
IDLE, FORWARDED, BACKED, STEPPING = range(4)
#: so many steps are followed in a row: few at first, then many, so that close looks cost little. What differs is
#: noticed at once; a close look only makes sure of the template, and no mistake that comes regularly meets them all
RUNS = (29, 37, 61, 113)
LONG_RUNS = (241, 257, 229, 263, 251, 239)
#: a run that ends sooner shows that the loop is not so steady; steps to wait after that, doubled each time
SHORT, WAIT, MAX_WAIT = 6, 16, 512
#: updates after a run in which graphs may go through forwards of the run
MAX_LATE = 2
TICK_SECONDS = 0.25
MAX_GRAPH = 5000


def _nothing() -> None:
    return None


class Steady:
    """The run of ordinary steps that the loop is in, if it is in one (`on`)."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self.on = False
        #: called with an optimizer to begin its step the thorough way
        self.begin_step: Callable[[Optimizer], object] = lambda optimizer: None
        #: gives the loss that a scaler multiplied, for the result
        self.origin: Callable[[Tensor], Tensor] = lambda root: root
        #: further steps that are to be looked at closely, for want of a template
        self.looks = 0
        self.draft = Draft()
        self._template: Template | None = None
        self._module: Callable[[], nn.Module | None] = _nothing
        self._state = IDLE
        self._turn = 0
        self._length = self._left = 0
        self._wait_until = 0
        self._wait = WAIT
        self._tick_at = 0.0
        #: steps, forwards and loss calls that are not in the books yet; samples and losses of the passes
        self.steps = 0
        self._forwards = 0
        self._losses = 0
        self._samples: list[int] = []
        #: the newest forward that was trained on: not in the books before the next one comes
        self._uncounted: list[int] = []
        self._values: list[float | None] = []
        self._batches = 0
        self._waiting = False
        # -- of the step that is running
        self._entering: tuple[nn.Module, Any, Any] | None = None
        self._number = 0
        self._output: Callable[[], Tensor | None] = _nothing
        self._entered: Callable[[], Tensor | None] = _nothing
        self._size = 1
        self._sampled: Tensor | None = None
        self._lost = 0
        self._result: weakref.ref[Tensor] | None = None
        self._judged = False
        self._cleared = False
        self._root: Callable[[], Tensor | None] = _nothing
        self._value: float | None = None
        self._gradients: list[Tensor | None] = []
        self._weights: list[int] = []
        #: forwards of runs whose graph may come up again, and passes that are still looked through for them
        self._late: dict[int, Mark] = {}
        self._late_updates = 0

    # -- beginning and end of a run ---------------------------------------------------------------------

    def rests(self, total: int) -> bool:
        """Whether this is no time to follow a run."""
        return total < self._wait_until

    def enter(self, template: Template) -> None:
        """The next steps are expected to be like this one."""
        books = self._books
        self._template, self._module, self._state = template, template.root.ref, IDLE
        late = self._turn - len(RUNS)
        self._length = self._left = RUNS[self._turn] if late < 0 else LONG_RUNS[late % len(LONG_RUNS)]
        self._turn += 1
        self.looks = 0
        self._number = books.forwards.count - 1
        self._gradients = [leaf.grad for leaf in template.leaves]
        self._weights = [leaf._version for leaf in template.leaves]
        self._lost, self._cleared, self._judged, self._waiting = 0, False, False, False
        self._uncounted = []
        self._entering = None
        self._output = self._root = self._entered = _nothing
        self._result = None
        self._late.clear()
        self._tick_at = _now() + TICK_SECONDS
        if books.forwards.newest is not None:
            books.forwards.newest.pointer = 0
        for buffer in template.buffers:
            buffer.lead = None
        books.ledger.silence(template.buffers)
        self.on = True

    def leave(self, *, returned: bool = False) -> None:
        """Something is different, or it is time for a close look: bring the books to where the loop is.

        `returned`: the call of the model that was entered is over.
        """
        template = self._template
        if not self.on or template is None:
            return
        self.on = False
        books, state = self._books, self._state
        self.flush()
        if state == FORWARDED:
            books.forwards.count_trained(template.forward, self._uncounted)
            self._losses_of(template)
        if self._result is not None and books.backwards.is_bare:
            books.backwards.means.append(self._result)
        books.ledger.listen(template.buffers)
        books.ledger.close = books.forwards.attentive = True
        running = self._catch_up(template, state)
        self._call_again(template, state)
        if state == FORWARDED or self._uncounted:
            self._remember_forward(template, state, running)
        self.draft = Draft()
        if state != IDLE:
            self.draft.spoil()
        self._rest(self._length - self._left)
        self._template, self._gradients, self._sampled = None, [], None
        self._late_updates = MAX_LATE
        entering, self._entering = self._entering, None
        if state == STEPPING and (optimizer := template.optimizer()) is not None:
            self.begin_step(optimizer)
        if entering is not None:
            books.forwards.enter(template.root, *entering)
            if not returned:  # the line that is running is one of the model's own
                books.forwards.entered_at(template.forward.line)

    def _rest(self, done: int) -> None:
        if self._left <= 0 or done >= SHORT:
            self._wait, self.looks = WAIT, 2
            return
        self._turn = 0
        self._wait_until = self._books.steps.total + self._wait
        self._wait = min(MAX_WAIT, 2 * self._wait)

    # -- what comes -------------------------------------------------------------------------------------

    def enters(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """A module is called; True when it is the one that is expected."""
        if self._state == IDLE and module is self._module() and module.training and args and not kwargs:
            self._entering = module, args, kwargs
            return True
        self.leave()
        return False

    def returns(self, module: nn.Module, args: tuple[Any, ...], output: object) -> bool:
        """A module has returned; True when nothing about that is new."""
        template = self._template
        awaited = template is not None and self._entering is not None and module is self._entering[0]
        if awaited and template is not None and self._is_expected(template, args, output, sys._getframe(1)):
            return True
        self.leave(returned=True)
        return False

    def _is_expected(self, template: Template, args: tuple[Any, ...], output: Any, frame: Any) -> bool:
        samples = args[0]
        if type(output) is not Tensor or type(samples) is not Tensor or not samples.dim():
            return False
        if _task_id() != -1 or _functorch_level() is not None or _tracing() is not None:
            return False
        node = output.grad_fn
        if node is None or not is_at(template.forward_place, frame) or samples.layout is not torch.strided:
            return False
        modal = template.root.modal
        if modal and sum(part.training for part in modal) != template.forward.modal_training:
            return False
        self._push_sampled(template.root)
        self._entering = None
        self._number += 1
        metadata: Any = node.metadata
        metadata[KEY] = self._number
        self._output, self._entered = weakref.ref(output), weakref.ref(samples)
        self._size = samples.shape[0]
        forwards = self._books.forwards
        if forwards.first_epoch and forwards.wants_trained():
            self._sampled = forwards.sample(samples)
        self._lost, self._judged = 0, False
        self._state = FORWARDED
        self._forwards += 1
        return True

    def loses(self, name: str, result: object) -> bool:
        """A loss function has returned; True when it is the one that is expected."""
        template = self._template
        usual = template.loss if template is not None and self._state == FORWARDED and not self._lost else None
        named = usual is not None and usual.function == name
        if named and isinstance(result, Tensor) and result.requires_grad:
            self._lost, self._result = 1, weakref.ref(result)
            return True
        self.leave()
        return False

    def judges(self, tensor: Tensor, renames: bool, axis: object) -> bool:
        """A tensor went into argmax or the like; False when the books must know."""
        if self._entering is not None:
            return True  # inside of the model
        output = self._output()
        if output is None or (tensor is not output and tensor._base is not output and not _same_place(tensor, output)):
            return False
        if renames or axis in (0, -2):
            self.leave()
            return False
        self._judged = True
        return True

    def clears(self) -> bool:
        """A call that clears gradients; False where that is not expected."""
        if self._state in (BACKED, STEPPING):
            self.leave()
            return False
        self._cleared = True
        self._gradients = []
        return True

    def yields(self, iterator: object) -> bool:
        """A loader gives a batch; True when it is the one that gave the last."""
        if self._books.epochs.iterator() is not iterator:
            self.leave()
            return False
        self._batches += 1
        self._waiting = True
        return True

    def begins(self, root: Any, weighted: bool) -> bool:
        """A backward pass begins; True when it is the one that is expected."""
        template = self._template
        ready = self._state == FORWARDED and not weighted and type(root) is Tensor
        if ready and template is not None and self._may_begin(template, root):
            return True
        self.leave()
        return False

    def _may_begin(self, template: Template, root: Tensor) -> bool:
        if template.loss is not None and not self._lost:
            return False
        node: Any = root.grad_fn
        for number in template.path:
            if node is None:
                return False
            following = node.next_functions
            if number >= len(following):
                return False
            node = following[number][0]
        if node is None or node.metadata.get(KEY) != self._number:
            return False
        for leaf, version in zip(template.leaves, self._weights, strict=True):
            if leaf.grad is not None or leaf._version != version:
                return False
        if any(leaf.requires_grad is not trains for leaf, trains in template.spare):
            return False
        if not is_at(template.backward_place, sys._getframe(3)) or not self._read(root):
            return False
        self._gradients = []
        return True

    def _read(self, root: Tensor) -> bool:
        """The loss, before any scaler; False when it is not finite."""
        book = self._books.backwards
        origin = self.origin(root)
        if origin.numel() != 1 or (origin.device.type != "cpu" and not book.reads(len(self._values) + 1)):
            self._value = None
        else:
            value = origin.item()
            if not math.isfinite(value):
                return False
            self._value = value
        self._root = weakref.ref(root)
        return True

    def ended(self) -> None:
        """The backward pass has come back."""
        template = self._template
        if not self.on or template is None:
            return  # something came in the middle of it
        self._gradients = [leaf.grad for leaf in template.leaves]
        self._values.append(self._value)
        self._samples.append(self._size)
        self._losses += self._lost
        self._state = BACKED
        self._waiting = False

    def steps_with(self, optimizer: Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """A step begins; True when it is the one that is expected, and finds what is expected."""
        template = self._template
        ready = self._state == BACKED and len(args) == 1 and not kwargs
        if ready and template is not None and optimizer is template.optimizer() and self._is_untouched(template):
            template.optimized.rates.note(optimizer.param_groups[0].get("lr"))
            self._state = STEPPING
            return True
        self.leave()
        return False

    def _is_untouched(self, template: Template) -> bool:
        for leaf, gradient, version in zip(template.leaves, self._gradients, template.versions, strict=True):
            if gradient is None or leaf.grad is not gradient or gradient._version != version:
                return False
        return not template.spare or all(leaf.grad is None for leaf, _ in template.spare)

    def stepped(self) -> None:
        """The step is over."""
        template = self._template
        assert template is not None
        self._state = IDLE
        self._cleared = False
        self._weights = [leaf._version for leaf in template.leaves]
        self.steps += 1
        self._left -= 1
        if self._left <= 0:
            self.leave()
        elif _now() > self._tick_at:
            self._tick_at = _now() + TICK_SECONDS
            self.flush()
            self._books.tick()

    # -- into the books ---------------------------------------------------------------------------------

    def flush(self) -> None:
        """Book what was only counted so far."""
        template = self._template
        if template is None:
            return
        books, count, backed = self._books, self.steps, len(self._values)
        self.steps = 0
        values, self._values = self._values, []
        samples, self._samples = self._samples, []
        books.epochs.caught_up(self._batches, self._waiting)
        self._batches = 0
        self._pass_by(samples, values, count)
        if template.loss is not None:
            template.loss.calls += self._losses
            template.loss.due = template.loss.due or self._losses > 0
        self._losses = 0
        books.forwards.count += self._forwards
        template.root.outer += self._forwards
        self._forwards = 0
        books.backwards.counted(backed, values)
        books.passes.counted(backed, count)
        for buffer in template.buffers:
            buffer.received += backed
        books.steps.count_many(template.optimized, template.pattern, count)
        template.root.updates += count
        # the newest is in the books when it is known what becomes of it
        self._book_forwards(template, samples)

    def _pass_by(self, samples: list[int], values: list[float | None], count: int) -> None:
        """Epochs and the curve, step by step."""
        books = self._books
        before = books.steps.total + books.hand.sighting.count
        books.epochs.trained_many(samples, values, count)
        for number, value in enumerate(values):
            if value is not None:
                books.curve.add(before + number, value)
        books.forwards.first_epoch = books.epochs.number <= 1

    def _book_forwards(self, template: Template, samples: list[int]) -> None:
        samples = self._uncounted + samples
        self._books.forwards.count_trained(template.forward, samples[:-1])
        self._uncounted = samples[-1:]

    def _push_sampled(self, root: Root) -> None:
        """A few values of the samples of the forward before, which was trained on."""
        if self._sampled is not None:
            self._books.forwards.keep_trained(root, self._sampled)
            self._sampled = None

    # -- handing over -----------------------------------------------------------------------------------

    def _catch_up(self, template: Template, state: int) -> Pass | None:
        """The accounts of all buffers as they would be; the pass that is in them."""
        books, optimized = self._books, template.optimized
        passes = books.passes
        pending = state in (BACKED, STEPPING)
        passes.clock += 1
        running = Pass(template.line, passes.clock)
        running.reached = running.live = len(template.buffers)
        running.used = not pending
        versions = template.arrived if pending else template.versions
        if not pending:
            passes.clock += 1
            optimized.clock = passes.clock
        for place, buffer in enumerate(template.buffers):
            gradient = self._gradients[place] if self._gradients else None
            buffer.base, buffer.passes = 0, [] if pending and gradient is None else [running]
            buffer.used = {} if pending else {optimized.consumer: 1}
            buffer.grad = _nothing if gradient is None else weakref.ref(gradient)
            buffer.grad_version = versions[place]
            buffer.version, buffer.zeros, buffer.probe = self._weights[place], None, None
            if not pending:
                buffer.stepped_at = optimized.clock
        root = self._root()
        if root is not None and root.grad_fn is not None and state != FORWARDED:
            root.grad_fn.metadata[backwards.KEY] = running  # type: ignore[index]
        return running

    def _call_again(self, template: Template, state: int) -> None:
        """Note the calls of the step that is running, as far as it has come."""
        calls = self._books.calls
        expected = {IDLE: (), FORWARDED: ("forward", "loss"), BACKED: ("forward", "loss", "backward")}
        names = expected.get(state, ("forward", "loss", "backward"))
        for name, line in template.pattern.calls:
            if (name == "zero_grad" and self._cleared) or (name in names and (name != "loss" or self._lost)):
                calls.note(name, line)

    def _remember_forward(self, template: Template, state: int, running: Pass | None) -> None:
        """The newest forward as the thorough way knows it."""
        books, example = self._books, template.forward
        forwards = books.forwards
        forward = Forward(self._number, template.root, example.line)
        forward.training = forward.grad_enabled = True
        forward.samples, forward.modal_training = self._size, example.modal_training
        forward.loader_pass = forwards.loader_pass
        forward.judged = self._judged or bool(self._lost)
        forward.entered = self._entered  # type: ignore[assignment]
        forward.sampled = self._sampled
        output = self._output()
        if output is not None:
            forward.outputs.append(weakref.ref(output))
            forward.pointer = output.data_ptr()
        mark = Mark(forward, books.passes, forwards.across_step)
        if state == FORWARDED:
            forward.mark = weakref.ref(mark)
            if output is not None:
                output.register_hook(mark)  # type: ignore[no-untyped-call]
            else:
                self._late[self._number] = mark
        elif running is not None:
            forward.trained = True
            running.forwards, running.samples = [forward], forward.samples
            forward.pass_at = running.at
            forward.updates_at = template.root.updates - (state == IDLE)
            self._late[self._number] = mark
        forwards.newest = forward
        forwards.pending.append(forward)

    def recover(self, roots: list[Tensor]) -> None:
        """A backward pass begins the thorough way: does it go through forwards of the run that is over?"""
        if not self._late:
            return
        todo: list[Any] = [root.grad_fn for root in roots if root.grad_fn is not None]
        seen: set[Any] = set(todo)
        while todo:
            node = todo.pop()
            number = node.metadata.get(KEY)
            if isinstance(number, int) and number in self._late:
                mark = self._late.pop(number)
                node.register_prehook(lambda gradients, mark=mark: mark(gradients[0]))
                node.metadata[KEY] = mark.forward
            for following, _ in node.next_functions:
                if following is not None and following not in seen and len(seen) < MAX_GRAPH:
                    seen.add(following)
                    todo.append(following)

    def updated(self) -> None:
        """One more update the thorough way."""
        self.draft = Draft()
        self._late_updates -= 1
        if self._late and self._late_updates <= 0:
            self._late.clear()

    def _losses_of(self, template: Template) -> None:
        """The loss of a forward that no backward pass has followed yet."""
        if self._lost and template.loss is not None:
            template.loss.calls += 1


def _same_place(tensor: Tensor, output: Tensor) -> bool:
    return tensor.layout is torch.strided and tensor.data_ptr() == output.data_ptr()
