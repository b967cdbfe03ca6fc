"""Most backward passes of an accumulation are emptied away before the step that should have used them."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Outcome, Severity, Sign, check, sign

#: a few passes may be thrown away on purpose: a loss that is not finite, a remainder
FEWEST_WIPED = 3
#: of the passes of one line: of two batches for each step, one is lost
SHARE = 0.4


@check(
    group="scaling",
    severity=Severity.ERROR,
    title="Only the last batch before each step counts",
    message=(
        "Of {of} backward passes ({line}) that were looked at, the gradients of {count} were emptied away before "
        "any optimizer step used them."
    ),
    why=(
        "A step that comes once for several batches is meant to use the sum of all their gradients. Here .grad is "
        "emptied for every batch, so only the newest batch is left when the step comes. The others were computed "
        "for nothing, and the model learns from a small part of the data."
    ),
    experiment=(
        "Print the norm of one parameter's .grad after each backward() for eight batches. Between two steps it "
        "should build up from batch to batch. Does it?"
    ),
    hints=(
        "How often are the gradients emptied, and how often does the optimizer step?",
        "Whatever is emptied must have been used first. Emptying and stepping belong together.",
        "Compare where torch.optim.Optimizer.zero_grad and torch.optim.Optimizer.step stand: in which loop, and "
        "under which condition?",
    ),
    explains=(
        "accumulation-not-averaged",
        "accumulation-tail-lost",
        "accuracy-below-threshold",
        "loss-not-decreasing",
    ),
    shows=Outcome.FRESH,
)
def accumulation_wiped(evidence: Evidence) -> Iterator[Sign]:
    """Passes of one and the same line were used now and then, and wiped at least about as often.

    An attack's own backward pass stands on a line of its own, all of whose passes are wiped. Where the gradients
    of a step are written by hand, the wiped ones may have been kept elsewhere.
    """
    trace = evidence.trace
    assert trace is not None
    fresh = trace.with_outcome(Outcome.FRESH)
    if (
        not fresh
        or any(pattern.rewritten for pattern in fresh)
        or trace.count(Outcome.WIPED) + trace.count(Outcome.EMPTY)
    ):
        return
    places = [place for place in trace.backwards.places if place.used and place.wiped >= FEWEST_WIPED]
    lost = [place for place in places if place.wiped >= SHARE * place.total]
    if lost:
        worst = max(lost, key=lambda place: place.wiped)
        yield sign(worst.line, count=worst.wiped, of=worst.total)
