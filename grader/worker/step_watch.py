"""Hooks on optimizers: what they hold, and each of their steps from beginning to end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from .books import Books
from .discovery import owners_of
from .norms import gradient_norm
from .orphans import Orphans
from .passes import Pass
from .rates import before_step
from .steps import Optimized, Pattern
from .template import Template
from .trained import Trained

OBSERVER = "steps"
#: searches through everything that is alive; most of those after the first find what they want among the young
MAX_SEARCHES = 64
#: steps from one gradient norm to the next, where all are looked at closely
NORM_EVERY = 8


class Glanced(NamedTuple):
    """A step that is running, like all before it."""

    optimized: Optimized
    pattern: Pattern
    running: Pass
    leaf: Tensor


class StepWatch:
    """Sees optimizers made and taking steps; closures and steps inside of steps included."""

    def __init__(self, books: Books, trained: Trained) -> None:
        self._books = books
        self._trained = trained
        self._searches = 0
        #: steps that have begun and not ended, the outermost first
        self._running: list[Optimized] = []
        self._newest: Optimized | None = None
        #: the step that is running, when all is calm and a glance was enough
        self._glanced: Glanced | None = None
        self._handles: list[Any] = []
        self._steady = books.steady
        #: the update whose gradient norm was taken last
        self._measured_at = -NORM_EVERY
        self._steady.begin_step = lambda optimizer: self._begin(optimizer, (optimizer,), {})

    def install(self) -> None:
        """Follow the steps of all optimizers, whenever they were made."""
        self._handles = [
            register_optimizer_step_pre_hook(self._begins),
            register_optimizer_step_post_hook(self._ended),
        ]

    def is_in_place(self) -> bool:
        """Whether the hooks are where they were put: nothing but a submission takes them away."""
        return all(handle.id in (handle.hooks_dict_ref() or ()) for handle in self._handles)

    def remove(self) -> None:
        """Take the hooks away."""
        for handle in self._handles:
            handle.remove()
        self._handles.clear()

    # -- what optimizers hold ---------------------------------------------------------------------------

    def holds(self, optimizer: Optimizer) -> None:
        """An optimizer was given parameters."""
        books = self._books
        self._steady.leave()
        if not books.ledger.close:
            books.ledger.look_closely()  # what stood for these parameters was another optimizer's
        books.steps.known(optimizer, books.lines.here())
        buffers = [(leaf, books.ledger.watch(leaf)) for leaf in held_by(optimizer)]
        unnamed = [leaf for leaf, buffer in buffers if buffer is None or not buffer.name]
        if unnamed:
            self.search_modules(unnamed)

    def search_modules(self, leaves: list[Tensor]) -> None:
        """Find the modules that own these leaves, name the leaves, and follow the modules' calls."""
        owners = owners_of(leaves, young=True) if self._searches else []
        found = {id(parameter) for _, parameters in owners for _, parameter in parameters}
        if any(id(leaf) not in found for leaf in leaves) and self._searches < MAX_SEARCHES:
            self._searches += 1
            owners = owners_of(leaves, young=False)
        for module, parameters in owners:
            self._books.forwards.watch(module)
            for name, parameter in parameters:
                self._books.ledger.watch(parameter, name)

    def lost_its_lead(self) -> bool:
        """Whether the parameter that stands for all of an optimizer asks for no gradient, while others of it do."""
        optimized = self._newest
        leaf = optimized.lead.ref() if optimized is not None and optimized.lead is not None else None
        if optimized is None or leaf is None or leaf.requires_grad:
            return False
        optimizer = optimized.ref()
        return optimizer is not None and any(other.requires_grad for other in held_by(optimizer))

    # -- steps ------------------------------------------------------------------------------------------

    def _begins(self, optimizer: Optimizer, args: Any, kwargs: Any) -> Any:
        books = self._books
        if books.closed or OBSERVER in books.guard.failed:
            return None
        try:
            if self._steady.on and self._steady.steps_with(optimizer, args, kwargs):
                return None
            if not books.ledger.close and len(args) == 1 and not kwargs and self._glances(optimizer):
                return None
            return self._begin(optimizer, args, kwargs)
        except Exception as error:
            books.guard.note(OBSERVER, error)
            return None

    def _glances(self, optimizer: Optimizer) -> bool:
        """Whether this is a step like all before it: then it is booked in a few lines, here and when it ends.

        The same optimizer as last time, no step inside another, one new contribution from one pass that nobody
        has touched: whatever differs is left to the thorough way.
        """
        optimized = self._newest
        if optimized is None or optimized.lead is None or self._running or optimized.ref() is not optimizer:
            return False
        if optimized.resting and optimized.wakes():
            return False
        lead, passes = optimized.lead, self._books.passes
        leaf = lead.ref()
        if leaf is None or lead.used or len(lead.passes) != 1 or not self._books.ledger.untouched(lead, leaf.grad):
            return False
        [running] = lead.passes
        pattern = optimized.usual.get(("fresh", (1, len(running.forwards))))
        if pattern is None or optimized.outcome != "fresh":
            return False
        passes.clock += 1
        passes.applied(running)
        optimized.rates.note(optimizer.param_groups[0].get("lr"))
        lead.used[optimized.consumer] = 1
        lead.stepped_at = optimized.clock = passes.clock
        self._glanced = Glanced(optimized, pattern, running, leaf)
        self._books.ledger.stepping += 1
        return True

    def _end_glanced(self, glanced: Glanced) -> None:
        self._glanced = None
        books = self._books
        books.ledger.stepping -= 1
        optimized = glanced.optimized
        if optimized.lead is not None:
            optimized.lead.version = glanced.leaf._version
        books.steps.count_fresh(optimized, glanced.pattern)
        self._trained.by_one(glanced.running, optimized)
        books.updated("fresh")

    def _begin(self, optimizer: Optimizer, args: Any, kwargs: Any) -> Any:
        books = self._books
        # in calm times steps belong to patterns that are known
        line = books.lines.here() if books.ledger.close else None
        optimized = self._known(optimizer, line)
        if not optimized.begun:
            optimized.begun = True
            books.steps.adopt_predecessor(optimized)
        if self._running:
            for outer in self._running:
                outer.inner = True
                books.steps.listed[outer.index]["wraps"] = True
        books.passes.clock += 1
        optimized.step_line, optimized.inner, optimized.looks = line, False, []
        closure = closure_of(args, kwargs) if kwargs or len(args) > 1 else None
        optimized.has_closure = closure is not None
        optimized.rates.note(optimizer.param_groups[0].get("lr"))
        optimized.before = before_step(optimizer.param_groups) if books.ledger.close else None
        if closure is None:
            self._look(optimizer, optimized)
            self._measure(optimizer)
        books.ledger.stepping += 1
        self._running.append(optimized)
        return None if closure is None else self._with_watched(closure, optimizer, optimized, args, kwargs)

    def _known(self, optimizer: Optimizer, line: int | None) -> Optimized:
        newest = self._newest
        if newest is None or newest.ref() is not optimizer:
            newest = self._newest = self._books.steps.known(optimizer, line)
        return newest

    def _measure(self, optimizer: Optimizer) -> None:
        books = self._books
        due = books.ledger.close and books.updates >= self._measured_at + NORM_EVERY
        norm = gradient_norm(optimizer.param_groups) if due else None
        if norm is not None:
            self._measured_at = books.updates
            books.norms.add(books.updates, norm)

    def _look(self, optimizer: Optimizer, optimized: Optimized) -> None:
        optimized.looks.append(self._books.steps.judge.look(optimizer, optimized))

    def _with_watched(self, closure: Any, optimizer: Optimizer, optimized: Optimized, args: Any, kwargs: Any) -> Any:
        """The arguments of a step with its closure replaced: its gradients are used each time that it returns."""

        def watched(*inner_args: Any, **inner_kwargs: Any) -> Any:
            result = closure(*inner_args, **inner_kwargs)
            self._books.tried(OBSERVER, lambda: self._look(optimizer, optimized))
            return result

        if kwargs.get("closure") is closure:
            return args, {**kwargs, "closure": watched}
        return tuple(watched if item is closure else item for item in args), kwargs

    def _ended(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        books = self._books
        if books.closed or OBSERVER in books.guard.failed:
            return
        try:
            if self._steady.on:
                self._steady.stepped()
            elif self._glanced is None:
                self._end(optimizer)
            else:
                self._end_glanced(self._glanced)
        except Exception as error:
            books.guard.note(OBSERVER, error)

    def _end(self, optimizer: Optimizer) -> None:
        books = self._books
        optimized = self._known(optimizer, None)
        while self._running and self._running.pop() is not optimized:
            pass
        if not optimized.looks:
            self._look(optimizer, optimized)
        books.ledger.stepping = len(self._running)
        if optimized.lead is None or books.ledger.close:
            books.ledger.changed_by_step(optimizer.param_groups)
        else:
            books.ledger.changed(optimized.lead)
        if optimized.before is not None:
            optimized.rates.moved(optimized.before)
            optimized.before = None
        if optimized.inner:
            return  # a wrapper: the optimizer inside it was seen to take the step
        looks = optimized.looks
        applied = looks[0].fresh if len(looks) == 1 else {one for found in looks for one in found.fresh}
        if len(applied) > 1:
            books.tried("leaks", lambda: self._mixes(applied))
        outcome = books.steps.settle(optimized)
        if outcome == "empty":
            books.tried("orphans", self._count_waiting)
        self._trained.by(applied, optimized)
        books.updated(outcome, self._template(optimized) if books.ledger.close and outcome == "fresh" else None)

    def _template(self, optimized: Optimized) -> Template | None:
        """What the next steps may be expected to look like, after one that was looked at closely."""
        pattern = None if self._running else optimized.usual.get(("fresh", (1, 1)))
        template = self._steady.draft.complete(optimized, pattern, self._books.ledger)
        return template if template is not None and template.root is self._trained.root else None

    def _count_waiting(self) -> None:
        """Now, while the model is there: one that is local to a function is gone when the run is over."""
        steps = self._books.steps
        orphans = Orphans(self._books.ledger, steps, self._books.forwards)
        steps.waiting = max(steps.waiting, orphans.all_waiting())

    def _mixes(self, applied: Iterable[Pass]) -> None:
        """Whether a step used gradients of one model in both modes, from passes over different loaders."""
        through = [(running, forward) for running in applied for forward in running.forwards[:1]]
        trained = {(forward.root, forward.loader_pass) for _, forward in through if forward.training}
        for running, forward in through:
            others = [loader_pass for root, loader_pass in trained if root is forward.root]
            if not forward.training and others and forward.loader_pass not in others:
                self._books.leaked.note(running.line)
                return

    def forget_raised(self) -> None:
        """backward() was called: a step without a closure that still seems to run has raised."""
        if self._glanced is not None or (self._running and not self._running[-1].has_closure):
            self._running.clear()
            self._glanced = None
            self._books.ledger.stepping = 0

    def skipped(self, optimizer: Optimizer) -> None:
        """A scaler left a step out by design: what it threw away was not wiped by mistake."""
        self._steady.leave()
        self._books.schedulers.excused = True
        for leaf in held_by(optimizer):
            buffer = self._books.ledger.known(leaf)
            for running in buffer.passes if buffer is not None else ():
                self._books.passes.applied(running)


def held_by(optimizer: Optimizer) -> list[Tensor]:
    """All parameters of an optimizer."""
    return [leaf for group in optimizer.param_groups for leaf in group["params"]]


def closure_of(args: Any, kwargs: Any) -> Any:
    """The closure among the arguments of a step; None when there is none."""
    closure = kwargs.get("closure")
    return closure if closure is not None else next((item for item in args[1:] if callable(item)), None)
