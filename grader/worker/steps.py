"""What each optimizer found in its gradients when it took a step, grouped into patterns."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor
from torch.optim import Optimizer

from .calls import Call, Calls
from .ledger import HAND, Buffer, Ledger
from .passes import BY_HAND, Pass
from .rates import Rates

MAX_PATTERNS = 48
MAX_OPTIMIZERS = 16
MAX_NAMES = 5


class Optimized:
    """One optimizer: who it is as a consumer, and where its last step was."""

    def __init__(self, optimizer: Optimizer, consumer: int, index: int, name: str, line: int | None) -> None:
        self.ref = weakref.ref(optimizer)
        self.consumer = consumer
        self.index = index
        self.name = name
        self.line = line
        #: position among the calls, and on the clock of passes, of its last step
        self.mark = 0
        self.clock = 0
        self.begun = False
        self.step_line: int | None = None
        #: of the step that is running: looks at the gradients (one, or one for each evaluation of its closure),
        #: whether it has a closure, and whether another optimizer stepped inside it
        self.looks: list[Found] = []
        self.has_closure = False
        self.inner = False
        #: the buffer that stands for all while all is calm
        self.lead: Buffer | None = None
        #: buffers of parameters that asked for no gradient when all were looked at
        self.resting: list[Buffer] = []
        #: what its last step found
        self.outcome = ""
        self.rates = Rates()
        #: a weight and some of its values before the step that is running, where that is looked at
        self.before: tuple[Tensor, Tensor] | None = None
        #: the newest patterns by outcome and numbers of passes and batches: steps of calm times belong to them
        self.usual: dict[tuple[str, tuple[int, int]], Pattern] = {}

    def wakes(self) -> bool:
        """Whether one of them asks for a gradient again: what stands for all knows nothing of it."""
        leaves = [buffer.ref() for buffer in self.resting]
        return any(leaf is not None and leaf.requires_grad for leaf in leaves)


@dataclass(slots=True)
class Found:
    """What one look at an optimizer's gradients showed."""

    fresh: set[Pass] = field(default_factory=set)
    stale: int = 0
    #: names of parameters by what was in their buffers
    again_with_new: list[str] = field(default_factory=list)
    again: list[str] = field(default_factory=list)
    restored: bool = False
    trainable: int = 0
    cleared: Pass | None = None
    #: only the buffer that stands for all was looked at
    glanced: bool = False
    #: new contributions were written over since they came
    rewritten: bool = False


@dataclass
class Pattern:
    """Steps that looked alike."""

    optimizer: int
    outcome: str
    calls: tuple[Call, ...]
    first: int
    fresh: int
    batches: int
    cleared_line: int | None
    parameters: tuple[str, ...]
    count: int = 0
    last: int = 0
    stale: int = 0
    rewritten: bool = False

    def as_dict(self) -> dict[str, object]:
        return {
            "optimizer": self.optimizer,
            "outcome": self.outcome,
            "events": [{"name": name, "line": line} for name, line in self.calls],
            "count": self.count,
            "first": self.first,
            "last": self.last,
            "fresh": self.fresh,
            "stale": self.stale,
            "parameters": list(self.parameters),
            "cleared_line": self.cleared_line,
            "batches": self.batches,
            "rewritten": self.rewritten,
        }


class Judge:
    """Looks at the buffers of an optimizer's parameters at the moment of its step."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        #: parameters whose gradients were changed by nobody but the last clip, and the version that it left
        self._limited: dict[int, int] = {}

    def look(self, optimizer: Optimizer, optimized: Optimized) -> Found:
        """Apply what is in the buffers on behalf of the optimizer, and say what that was."""
        ledger = self._ledger
        if not ledger.close and optimized.lead is not None:
            woken = optimized.wakes()
            found = None if woken else self._glance(optimized.lead, optimized)
            if found is not None:
                return found
            ledger.look_closely(surprised=not woken)
        return self._look_at_all(optimizer, optimized)

    def _glance(self, lead: Buffer, optimized: Optimized) -> Found | None:
        """While all is calm one buffer stands for all; None when it is empty, so that all have to be looked at."""
        leaf, consumer, again = lead.ref(), optimized.consumer, optimized.outcome == "stale"
        if leaf is None or not leaf.requires_grad:
            return None
        lead.stepped_at = self._ledger.passes.clock
        stale = lead.used.get(consumer, 0)
        fresh = self._ledger.use_as_ever(lead, leaf, consumer, again)
        if fresh is not None:
            return Found(fresh=set(fresh), stale=stale, trainable=1, glanced=True)
        if leaf.grad is None or self._ledger.emptied(lead, leaf.grad):
            return None
        found = Found(trainable=1)
        self._look_at(leaf, lead, optimized, found)
        self._ledger.look_closely(surprised=True)
        return found

    def _look_at_all(self, optimizer: Optimizer, optimized: Optimized) -> Found:
        found = Found()
        ledger = self._ledger
        looked: list[Buffer] = []
        optimized.resting = []
        for group in optimizer.param_groups:
            for leaf in group["params"]:
                buffer = ledger.watch(leaf)
                found.trainable += leaf.requires_grad
                if buffer is not None and leaf.requires_grad:
                    buffer.stepped_at = ledger.passes.clock
                    self._look_at(leaf, buffer, optimized, found)
                    looked.append(buffer)
                elif buffer is not None:
                    optimized.resting.append(buffer)
        optimized.lead = ledger.appoint(looked, optimized.consumer)
        return found

    def _look_at(self, leaf: Tensor, buffer: Buffer, optimized: Optimized, found: Found) -> None:
        ledger, gradient = self._ledger, leaf.grad
        updated = buffer.seen and not ledger.stepping and ledger.notice_update(buffer, leaf)
        rewritten = gradient is not None and gradient._version != buffer.grad_version
        touched = gradient is not None and not ledger.untouched(buffer, gradient)
        if touched and gradient is not None and self._limited.get(id(leaf)) == gradient._version:
            touched = False  # nothing but a clip changed it
        if not self._settle(buffer, gradient):
            if buffer.cleared is not None and buffer.cleared.at > optimized.clock:
                found.cleared = buffer.cleared
            return
        if buffer.used.get(optimized.consumer, 0) == buffer.held and rewritten:
            ledger.clear(buffer)  # everything was applied before, and somebody wrote something else over it
            buffer.passes.append(BY_HAND)
        found.restored = found.restored or updated
        found.rewritten = found.rewritten or touched
        self._take(buffer, optimized, found)

    def untouched(self, leaves: list[Any]) -> list[Tensor]:
        """Those whose gradients are as backward passes left them."""
        known = [(leaf, self._ledger.known(leaf)) for leaf in leaves if isinstance(leaf, Tensor)]
        return [leaf for leaf, buffer in known if buffer is not None and self._ledger.untouched(buffer, leaf.grad)]

    def limited(self, leaves: list[Tensor]) -> None:
        """A clip has gone over the gradients of these, and nobody else."""
        self._limited = {id(leaf): leaf.grad._version for leaf in leaves if leaf.grad is not None}

    def _settle(self, buffer: Buffer, gradient: Tensor | None) -> bool:
        """Bring the buffer's account up to date; whether there is anything to apply."""
        ledger = self._ledger
        if gradient is None:
            ledger.clear(buffer)
            return False
        if not ledger.emptied(buffer, gradient):
            ledger.adopt(buffer, gradient)
            return True
        if ledger.added_nothing(buffer, gradient):
            return True
        ledger.clear(buffer)
        return False

    def _take(self, buffer: Buffer, optimized: Optimized, found: Found) -> None:
        stale, fresh = self._ledger.use(buffer, optimized.consumer)
        if fresh:
            found.fresh.update(fresh)
            if stale:
                found.again_with_new.append(buffer.name)
        elif stale:
            found.again.append(buffer.name)
        found.stale = max(found.stale, stale)


class Steps:
    """The book of steps: optimizers, outcomes, patterns."""

    def __init__(self, ledger: Ledger, calls: Calls) -> None:
        self.judge = Judge(ledger)
        self._ledger = ledger
        self._calls = calls
        self.optimizers: weakref.WeakKeyDictionary[Optimizer, Optimized] = weakref.WeakKeyDictionary()
        #: one for each that was constructed, in order; beyond the limit the last of the same line stands for it
        self.listed: list[dict[str, Any]] = []
        self._last_of: dict[tuple[str, int | None], Optimized] = {}
        #: the most parameters that waited for somebody when an optimizer found nothing to use
        self.waiting = 0
        self._consumers = HAND
        self._rates: dict[int, Rates] = {}
        #: (name, line) -> the first parameter, and the index of the first such optimizer over it
        self._first_over: dict[tuple[str, int | None], tuple[weakref.ref[Tensor], int]] = {}
        self.patterns: dict[tuple[object, ...], Pattern] = {}
        self.outcomes: dict[str, int] = {}
        self.total = 0
        #: how many steps there were when the newest optimizer with a memory was made
        self._total_when_made = 0
        #: when, on the clock of passes, and on which line gradients were last cleared by a call
        self.last_clearing: tuple[int, int | None] = (-1, None)

    # -- optimizers -------------------------------------------------------------------------------------

    def known(self, optimizer: Optimizer, line: int | None) -> Optimized:
        """The record of an optimizer; a new one where it was never seen."""
        optimized = self.optimizers.get(optimizer)
        if optimized is None:
            optimized = self._enter(optimizer, type(optimizer).__name__, line)
            self.optimizers[optimizer] = optimized
        return optimized

    def _enter(self, optimizer: Optimizer, name: str, line: int | None) -> Optimized:
        self._consumers += 1
        index = self._index(name, line)
        optimized = Optimized(optimizer, self._consumers, index, name, line)
        optimized.rates = self._rates.setdefault(index, optimized.rates)
        self._remade(optimizer, index)
        # counted now too: an optimizer that is never used dies whenever the garbage collector comes
        self._refresh(optimizer, optimized)
        optimized.mark, optimized.clock = self._calls.now, self._ledger.passes.clock
        return optimized

    def _index(self, name: str, line: int | None) -> int:
        if len(self.listed) >= MAX_OPTIMIZERS:
            same = [n for n, facts in enumerate(self.listed) if (facts["name"], facts["line"]) == (name, line)]
            return same[-1] if same else MAX_OPTIMIZERS - 1
        self.listed.append({"name": name, "line": line, "steps": 0, "parameters": 0, "received": 0, "trainable": 0,
                            "idle": 0, "maximizes": False, "wraps": False, "remade": 0, "remade_steps": 0})  # fmt: skip
        return len(self.listed) - 1

    def _remade(self, optimizer: Optimizer, index: int) -> None:
        """Whether an optimizer with a memory takes the place of one of the same line over the same parameters."""
        facts, group = self.listed[index], optimizer.param_groups[0]
        facts["maximizes"] = bool(group.get("maximize", False))
        first = next(iter(group["params"]), None)
        if first is None or (facts["name"] == "SGD" and not group.get("momentum")):
            return
        key = (facts["name"], facts["line"])
        known, origin = self._first_over.get(key, (None, index))
        if known is None or known() is not first:
            self._first_over[key] = weakref.ref(first), index
        elif self.total > self._total_when_made:
            self.listed[origin]["remade"] += 1
            self.listed[origin]["remade_steps"] = self.total
        self._total_when_made = self.total

    def adopt_predecessor(self, optimized: Optimized) -> None:
        """An optimizer that is made again on the same line goes on where the one that it replaced stopped."""
        key = (optimized.name, optimized.line)
        before = self._last_of.get(key)
        if before is not None and before.ref() is None:
            optimized.consumer = before.consumer
        self._last_of[key] = optimized

    def stepped_with(self) -> set[int]:
        """The identities of all parameters that an optimizer holds which has taken a step."""
        stepped = [one for one, optimized in self.optimizers.items() if self.listed[optimized.index]["steps"]]
        return {id(leaf) for optimizer in stepped for group in optimizer.param_groups for leaf in group["params"]}

    # -- steps ------------------------------------------------------------------------------------------

    def settle(self, optimized: Optimized) -> str:
        """A step is over: its outcome from all that was found during it."""
        looks = optimized.looks
        glanced = looks[-1].glanced and (len(looks) == 1 or all(found.glanced for found in looks))
        outcome, found = (optimized.outcome, looks[-1]) if glanced else outcome_of(looks)
        optimized.outcome = outcome
        self.total += 1
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
        counts = len(found.fresh), _batches(found.fresh)
        pattern = None if self._ledger.close else optimized.usual.get((outcome, counts))
        if pattern is None:
            self._calls.note("step", optimized.step_line)
            calls = self._calls.between(optimized.mark, self._calls.now)
            pattern = self._pattern(optimized, outcome, calls, counts, found)
        self._count(optimized, pattern, found.stale)
        # only in steps that are looked at closely is it known what a clip has changed
        if pattern is not None and found.rewritten and self._ledger.close:
            pattern.rewritten = True
        optimized.mark, optimized.clock = self._calls.now, self._ledger.passes.clock
        return outcome

    def count_fresh(self, optimized: Optimized, pattern: Pattern) -> None:
        """One more step like those before it."""
        self.total += 1
        self.outcomes["fresh"] += 1
        facts = self.listed[optimized.index]
        pattern.count += 1
        pattern.last = facts["steps"]
        facts["steps"] += 1

    def count_many(self, optimized: Optimized, pattern: Pattern, count: int) -> None:
        """So many steps more like those before."""
        if count:
            self.total += count
            self.outcomes["fresh"] += count
            facts = self.listed[optimized.index]
            facts["steps"] += count
            pattern.count += count
            pattern.last = facts["steps"] - 1

    def _pattern(self, optimized: Optimized, outcome: str, calls: tuple[Call, ...], counts: tuple[int, int],
                 found: Found) -> Pattern | None:  # fmt: skip
        cleared_line = self.cleared_line(found.cleared) if outcome == "wiped" else None
        key = (optimized.index, outcome, calls, counts, cleared_line)
        pattern = self.patterns.get(key)
        if pattern is None and len(self.patterns) < MAX_PATTERNS:
            first = self.listed[optimized.index]["steps"]
            names = tuple(dict.fromkeys(found.again_with_new + found.again))[:MAX_NAMES]
            pattern = Pattern(optimized.index, outcome, calls, first, *counts, cleared_line, names)
            self.patterns[key] = pattern
        if pattern is not None:
            optimized.usual[outcome, counts] = pattern
        return pattern

    def _count(self, optimized: Optimized, pattern: Pattern | None, stale: int) -> None:
        facts = self.listed[optimized.index]
        number = facts["steps"]
        facts["steps"] = number + 1
        if pattern is not None:
            pattern.count += 1
            pattern.last = number
            pattern.stale = max(pattern.stale, stale)

    def cleared_line(self, cleared: Pass | None) -> int | None:
        """The line that cleared, when the last such call came after the pass began."""
        at, line = self.last_clearing
        return line if cleared is not None and at >= cleared.at else None

    def refresh(self) -> None:
        """Count the parameters of all optimizers anew."""
        for index, rates in self._rates.items():
            self.listed[index]["rates"] = rates.as_dict()
        for optimizer, optimized in list(self.optimizers.items()):
            self._refresh(optimizer, optimized)

    def _refresh(self, optimizer: Optimizer, optimized: Optimized) -> None:
        leaves = [leaf for group in optimizer.param_groups for leaf in group["params"]]
        buffers = [self._ledger.known(leaf) for leaf in leaves]
        facts = self.listed[optimized.index]
        facts["parameters"] = max(facts["parameters"], len(leaves))
        facts["trainable"] = max(facts["trainable"], sum(leaf.requires_grad for leaf in leaves))
        received = sum(buffer is not None and buffer.received > 0 for buffer in buffers)
        facts["received"] = max(facts["received"], received)
        facts["idle"] = 0 if facts["steps"] else sum(map(_is_idle, leaves, buffers))


def _is_idle(leaf: Tensor, buffer: Buffer | None) -> bool:
    """Whether gradients came more than once, and neither an optimizer nor a hand ever changed the parameter."""
    if buffer is None or buffer.applied or buffer.stepped_at or not leaf.requires_grad:
        return False
    return buffer.received > 1 and leaf._version == buffer.version


def _batches(fresh: set[Pass]) -> int:
    """How many forwards the passes went through, each counted once."""
    if len(fresh) == 1:
        return len(next(iter(fresh)).forwards)
    return len({forward.number for running in fresh for forward in running.forwards})


def outcome_of(looks: list[Found]) -> tuple[str, Found]:
    """The outcome of a step, and the look that shows it best: closures are looked at once an evaluation."""
    looks = looks or [Found()]
    mixed = [found for found in looks if found.again_with_new or (found.again and found.fresh)]
    if mixed:
        return "stale", mixed[-1]
    fresh = [found for found in looks if found.fresh]
    if fresh:
        best = max(fresh, key=lambda found: len(found.fresh))
        return ("by-hand" if best.fresh == {BY_HAND} else "fresh"), best
    last = looks[-1]
    if last.again:
        # put back by hand and tried again, as a line search does
        return ("fresh" if last.restored else "repeated"), last
    if not last.trainable:
        return "frozen", last
    wiped = last.cleared is not None and not last.cleared.used
    return ("wiped" if wiped else "empty"), last
