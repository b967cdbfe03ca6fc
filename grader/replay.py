"""Weights that a probe call left, held against those that loops of our own give: equal, different, or undecided."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from .model import Replay
from .trace import Outcome, Trace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Weights = NDArray[np.float32]

PLAIN = "plain"
#: a distance in shares of the way that the weights have gone: rounding is below, another loop above
ROUNDING, CLEAR = 1e-3, 2e-2
#: fewer steps show nothing: mistakes begin with the second one
FEWEST = 2
#: in these loops steps use what was used before, which a clean trace denies
DENIED = ("gradients-not-cleared", "gradient-applied-twice")
_MOST_HEADER = 1000
#: what the worker may say of how a call ended
ENDS = ("returned", "stopped", "raised", "not-supplied", "unusual-data", "too-large")


@dataclass(frozen=True)
class Step:
    """Some of the weights after a step, and what was noted about it."""

    weights: Weights
    plain: bool
    drawn: int
    passes: int
    random: str
    setting: str
    batch: str = ""


@dataclass
class Trajectory:
    """One call of one function. `how` it ended, empty when it never did."""

    start: Weights | None = None
    batches: int = 0
    steps: list[Step] = field(default_factory=list)
    final: Weights | None = None
    how: str = ""


#: (function, optimizer) -> its call
Trajectories = Mapping[tuple[str, str], Trajectory]


def read_snapshots(snapshots: Iterable[bytes]) -> Trajectories:
    """Frames -> calls. What is malformed is left out: a call with a gap fits nothing."""
    found: dict[tuple[str, str], Trajectory] = {}
    for payload in snapshots:
        line, _, values = payload.partition(b"\n")
        try:
            facts = json.loads(line) if len(line) < _MOST_HEADER else None
        except (ValueError, RecursionError):
            facts = None
        if isinstance(facts, dict) and len(values) % 4 == 0:
            key = _text(facts, "function"), _text(facts, "optimizer")
            _note(found.setdefault(key, Trajectory()), facts, values)
    return found


def _note(call: Trajectory, facts: Mapping[str, Any], values: bytes) -> None:
    import numpy as np

    weights = np.frombuffer(values, dtype="<f4")
    match facts.get("event"):
        case "start" if call.start is None:
            call.start, call.batches = weights, _count(facts, "batches")
        case "step" if not call.how:
            counts = _count(facts, "drawn"), _count(facts, "passes")
            names = _text(facts, "random"), _text(facts, "setting"), _text(facts, "batch")
            call.steps.append(Step(weights, facts.get("plain") is True, *counts, *names))
        case "end" if not call.how:
            how = _text(facts, "how")
            call.final, call.how = weights, how if how in ENDS else "raised"
        case _:
            pass


def _text(facts: Mapping[str, Any], key: str) -> str:
    value = facts.get(key)
    return value[:80] if isinstance(value, str) else ""


def _count(facts: Mapping[str, Any], key: str) -> int:
    value = facts.get(key)
    return value if type(value) is int and 0 <= value < 10**9 else 0


# -- one call against one loop ------------------------------------------------------------------------------


def compare(call: Trajectory, plain: Trajectory) -> Replay:
    """The student's call against the plain loop, with one optimizer."""
    reason = _unusable(call, plain)
    if reason:
        return Replay(reason=reason, steps=len(call.steps))
    if not call.steps:
        return _compare_ends(call, plain)
    pairs = list(zip(call.steps, plain.steps, strict=False))
    start = plain.start
    assert start is not None
    shares = [share(one.weights, other.weights, start) for one, other in pairs]
    largest = max(_largest(one.weights, other.weights) for one, other in pairs)
    measured = Replay(steps=len(pairs), difference=largest if math.isfinite(largest) else None)
    first = next((number for number, value in enumerate(shares) if not value <= ROUNDING), None)
    if first is not None:
        return _differs(replace(measured, first=first + 1), pairs, first, shares[-1])
    if call.how == "returned" and not _same(call.final, call.steps[-1].weights):
        return replace(measured, reason="weights-changed-at-the-end")
    if len(pairs) <= plain.batches:
        return replace(measured, reason="too-few-steps")
    return replace(measured, equal=True, bitwise=all(_same(one.weights, other.weights) for one, other in pairs))


def _unusable(call: Trajectory, plain: Trajectory) -> str:
    """Why nothing can be said at all; empty when something can."""
    if plain.how not in ("returned", "stopped") or plain.start is None or not plain.steps:
        return plain.how if plain.how in ENDS[3:] else "no-reference"
    if call.how not in ("returned", "stopped"):
        return call.how or "no-answer"
    if not _same(call.start, plain.start):
        return "another-model"
    good = all(len(step.weights) == len(plain.start) for step in (*call.steps, *plain.steps))
    return "" if good and call.final is not None and len(call.final) == len(plain.start) else "another-model"


def _compare_ends(call: Trajectory, plain: Trajectory) -> Replay:
    """The optimizer that was handed out was not seen to step: its weights may still be the right ones."""
    found = next((number for number, step in enumerate(plain.steps) if _same(step.weights, call.final)), None)
    if found is None or found < plain.batches:
        return Replay(reason="no-steps")
    return Replay(equal=True, steps=found + 1, bitwise=True, difference=0.0)


def _differs(measured: Replay, pairs: Sequence[tuple[Step, Step]], first: int, last: float) -> Replay:
    """Different where every step was a plain one, in the same setting, on the same batches, with the same masks."""
    drawn_masks = len({other.random for _, other in pairs}) > 1
    for one, other in pairs[: first + 1]:
        if not one.plain or (one.drawn, one.passes) != (other.drawn, other.passes):
            return replace(measured, reason="not-a-plain-loop")
        if one.batch != other.batch:
            return replace(measured, reason="other-batches")
        if one.setting != other.setting:
            return replace(measured, reason="other-settings")
        if drawn_masks and one.random != other.random:
            return replace(measured, reason="other-random-numbers")
    if not CLEAR < last < math.inf:
        return replace(measured, reason="not-clear")
    return replace(measured, equal=False)


def share(one: Weights, other: Weights, start: Weights) -> float:
    """|one - other| / |other - start|: 0 for the same weights, about 1 for those of a loop that did something else."""
    import numpy as np

    if _same(one, other):
        return 0.0
    way = np.linalg.norm(other.astype(np.float64) - start)
    apart = np.linalg.norm(one.astype(np.float64) - other)
    return float(apart / way) if way > 0 and np.isfinite(apart) else math.inf


def _largest(one: Weights, other: Weights) -> float:
    import numpy as np

    return float(np.abs(one.astype(np.float64) - other).max(initial=0.0))


def _same(one: Weights | None, other: Weights | None) -> bool:
    """Bit for bit, so that not-a-number is equal to itself."""
    return one is not None and other is not None and one.tobytes() == other.tobytes()


# -- all that was called ------------------------------------------------------------------------------------


def judge(function: str, calls: Trajectories, plain: Trajectories) -> Replay:
    """With all optimizers together: different when one shows it, equal only when all are."""
    optimizers = sorted({optimizer for _, optimizer in plain})
    nothing = Trajectory()
    found = [compare(calls.get((function, name), nothing), plain.get((PLAIN, name), nothing)) for name in optimizers]
    if not found:
        return Replay(reason="no-reference")
    by_worth = sorted(found, key=lambda item: (item.equal is not False, item.equal is not None))
    first = by_worth[0]
    if first.equal is not True:
        return first
    return replace(
        first,
        bitwise=all(item.bitwise for item in found),
        steps=min(item.steps for item in found),
        difference=max(item.difference or 0.0 for item in found),
    )


def matching(function: str, calls: Trajectories, loops: Trajectories) -> tuple[str, ...]:
    """Loops that give exactly these weights with every optimizer, step by step; none that change nothing."""
    own = {optimizer: call for (name, optimizer), call in calls.items() if name == function}
    names = sorted({name for name, _ in loops} - {PLAIN})
    fits = [
        name
        for name in names
        if own and all(_repeats(call, loops.get((name, optimizer))) for optimizer, call in own.items())
    ]
    return tuple(dict.fromkeys(slug(name) for name in fits))


def slug(loop: str) -> str:
    """The mistake that a loop is named after: two underscores begin the name of one of its forms."""
    return loop.partition("__")[0].replace("_", "-")


def _repeats(call: Trajectory, loop: Trajectory | None) -> bool:
    if loop is None or not _same(call.start, loop.start) or len(call.steps) < FEWEST:
        return False
    raised = "raised" in (call.how, loop.how)
    if len(call.steps) > len(loop.steps) or (raised and (call.how, len(call.steps)) != (loop.how, len(loop.steps))):
        return False
    return all(_same(one.weights, other.weights) for one, other in zip(call.steps, loop.steps, strict=False))


def contradiction(replay: Replay, moved: bool, trace: Trace | None) -> str:
    """What of a complete trace cannot be true, as a slug; empty when it can.

    `moved`: the probe call changed the weights. A loop whose steps use what was used before cannot have a trace
    in which every step used only what was new; one that trains step by step cannot have a trace of nothing.
    """
    if trace is None or trace.problem or not trace.complete or not moved:
        return ""
    if (replay.equal or replay.matches) and not trace.shows_training:
        return "updates-unseen"
    clean = trace.steps > 0 and trace.count(Outcome.FRESH) == trace.steps
    denied = [name for name in replay.matches if name in DENIED]
    return denied[0] if clean and denied and len(denied) == len(replay.matches) else ""


def has_moved(function: str, calls: Trajectories) -> bool:
    """Whether the weights of any such call changed."""
    own = (call for (name, _), call in calls.items() if name == function)
    return any(call.steps and not _same(call.steps[-1].weights, call.start) for call in own)
