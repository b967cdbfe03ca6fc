"""Each backward pass from the call to its end, by whatever function it was asked for."""

from __future__ import annotations

import sys
import weakref
from typing import Any

import torch
from torch import Tensor, nn

from .books import Books
from .discovery import leaves_of
from .passes import Pass
from .step_watch import StepWatch
from .template import place_of
from .trained import Trained

_task_id = torch._C._current_graph_task_id
_functorch_level = torch._C._functorch.maybe_current_level

#: passes whose graphs are walked in any case, to find leaves that no optimizer holds
WALKED = 3
#: walks that found nothing new after which only every sixteenth graph is walked
FRUITLESS, EVERY = 16, 16
#: frames between backward() and the student's line
MAX_DEPTH = 12


class PassWatch:
    """Sees backward passes begin and end."""

    def __init__(self, books: Books, step_watch: StepWatch, trained: Trained) -> None:
        self._books = books
        self._step_watch = step_watch
        self._trained = trained
        self._fruitless = 0
        #: where backward() was called when that was last looked up
        self._line: int | None = None
        #: the newest result of a scaler, and the loss that it was made of
        self._scaled: tuple[weakref.ref[Tensor], Tensor] | None = None
        self._steady = books.steady
        self._steady.origin = self._origin

    def scaled(self, outputs: Tensor, result: Tensor) -> None:
        """A scaler multiplied a loss."""
        self._scaled = weakref.ref(result), outputs

    def begins(self, tensors: Any, weighted: bool) -> Pass | None:
        """backward() was called; None when it is part of one that is running."""
        if _task_id() != -1:
            return None
        books = self._books
        if books.uphill.remembers:
            books.tried("uphill", books.uphill.look)
        roots = [tensors] if isinstance(tensors, Tensor) else tensors_of(tensors)
        if not books.ledger.close and self._step_watch.lost_its_lead():
            books.ledger.look_closely()
        if books.ledger.close:
            self._line = books.lines.here()
            books.calls.note("backward", self._line)
        if books.ledger.stepping:
            self._step_watch.forget_raised()
        if self._walks():
            self._discover(roots)
        newest = books.forwards.newest
        if newest is not None and not newest.root.kept:
            self._keep_first_weights()
        running = books.passes.begin(self._line)
        if books.ledger.close:
            books.passes.place(running)
        if roots:
            books.backwards.begins(roots[0], running, weighted)
        if books.ledger.close:
            place = place_of(books.lines.entry, MAX_DEPTH, sys._getframe(3))
            self._steady.draft.begins(roots, running, weighted, list(books.ledger.buffers.values()), place)
        return running

    def ended(self, running: Pass, tensors: Any, raised: bool) -> None:
        """backward() returned or raised."""
        books = self._books
        books.passes.end(running)
        if books.ledger.close:
            self._steady.draft.ended(running, list(books.ledger.buffers.values()))
        if books.hand.pending:
            self.updated_by_hand(books.hand.flush())
        if raised:
            # an optimizer that is local to the function which this ends can be counted now and never again
            books.steps.refresh()
        root = tensors if isinstance(tensors, Tensor) else next(iter(tensors_of(tensors)), None)
        if raised or root is None:
            return
        origin = root if self._scaled is None else self._origin(root)
        books.backwards.ended(origin, running)
        loss = books.backwards.value(origin, running.line)
        if not running.reached:
            self._reached_nothing(root, running)
            return
        if books.uphill.wants and not books.steps.optimizers:
            books.tried("uphill", lambda: books.uphill.ended(running, books.ledger.buffers.values()))
        self._note_loss(running, loss)
        if not books.steps.total:
            books.tick()

    def gradients_asked(self, outputs: Any, inputs: Any) -> Pass | None:
        """torch.autograd.grad was called; None when nothing hangs on it."""
        if _task_id() != -1 or _functorch_level() is not None:
            return None
        books = self._books
        line = books.lines.here()
        self._steady.draft.spoil()
        books.hand.functional.note(line)
        leaves = [leaf for leaf in tensors_of(inputs) if leaf.is_leaf]
        if not leaves or books.steps.optimizers:
            return None
        books.calls.note("backward", line)
        self._discover(tensors_of(outputs))
        self._keep_first_weights()
        return books.passes.begin(line)

    def gradients_given(self, running: Pass, outputs: Any) -> None:
        """torch.autograd.grad has returned."""
        books = self._books
        books.passes.end(running)
        self.updated_by_hand(books.hand.flush())
        if running.forwards:
            self._trained.by([running], None)
        roots = tensors_of(outputs)
        if roots:
            books.backwards.calls += 1
            self._note_loss(running, books.backwards.value(roots[0], running.line))
        books.tick()

    def updated_by_hand(self, applied: list[Pass]) -> None:
        """Parameters were found changed that no optimizer holds."""
        if applied:
            self._trained.by(applied, None)
            self._books.updated("fresh")

    def _origin(self, root: Tensor) -> Tensor:
        """The loss before a scaler multiplied it."""
        if self._scaled is not None and self._scaled[0]() is root:
            origin, self._scaled = self._scaled[1], None
            return origin
        return root

    def _note_loss(self, running: Pass, loss: float | None) -> None:
        books = self._books
        samples = running.samples if running.forwards else 1
        if samples:
            books.epochs.trained(samples, loss)
            books.forwards.first_epoch = books.epochs.number <= 1
        if loss is not None:
            books.curve.add(books.updates, loss)

    def _reached_nothing(self, root: Tensor, running: Pass) -> None:
        """A graph without any parameter: harmless for an input, a mistake where a model waits for its gradient."""
        newest = self._books.forwards.newest
        waits = newest is not None and newest.training and newest.grad_enabled and not newest.trained
        if root.grad_fn is not None and not running.forwards and self._books.steps.optimizers and waits:
            self._books.backwards.detached.note(running.line)

    # -- before anything is updated ---------------------------------------------------------------------

    def _walks(self) -> bool:
        """Whether the next graph should be walked: while leaves may be in it that nobody told us of."""
        books = self._books
        if books.backwards.calls < WALKED:
            return True
        if books.ledger.close and books.steps.outcomes.get("empty"):
            return True  # the model of this graph may be another than the optimizer's
        if books.steps.optimizers and books.passes.total:
            return False
        return self._fruitless < FRUITLESS or books.backwards.calls % EVERY == 0

    def _discover(self, roots: list[Tensor]) -> None:
        """Follow leaves that no optimizer holds."""
        books = self._books
        leaves = leaves_of(roots)
        loose = [leaf for leaf in leaves if books.ledger.known(leaf) is None]
        self._fruitless = 0 if loose else self._fruitless + 1
        if not books.steps.optimizers:
            books.hand.rebound(leaves)
        parameters = [leaf for leaf in loose if isinstance(leaf, nn.Parameter)]
        for leaf in parameters if books.steps.optimizers else loose:
            books.ledger.watch(leaf)
        if parameters:
            self._step_watch.search_modules(list(parameters))

    def _keep_first_weights(self) -> None:
        """How the modules look whose forwards this pass may go through, before their first update."""
        for forward in self._books.forwards.pending:
            if not forward.root.kept and forward.mark() is not None:
                self._books.memory.keep_weights(forward.root)


def tensors_of(value: Any) -> list[Tensor]:
    """A tensor, or the tensors of a sequence. Nothing is consumed: an iterator counts as none."""
    if isinstance(value, Tensor):
        return [value]
    return [item for item in value if isinstance(item, Tensor)] if isinstance(value, list | tuple) else []
