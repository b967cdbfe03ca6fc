"""Steps of an accumulation use now few, now many batches."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Outcome, Severity, Sign, StepPattern, check, sign

#: more different sizes than this belong to episodes or lengths that differ by nature
MOST_SIZES = 4
FEWEST_STEPS = 2


@check(
    group="scaling",
    severity=Severity.WARNING,
    title="The steps use unequal numbers of batches",
    message=(
        "{count} of {of} optimizer steps ({line}) used only {few} backward pass(es), others up to {many}; the very "
        "first step was one of the short ones."
    ),
    why=(
        "Accumulation imitates a larger batch, so every step must sum the same number of small ones. A step after "
        "too few follows a noisy direction, and one after many is longer than planned."
    ),
    experiment=(
        "For the first twelve batches, print the value that the condition tests and whether a step followed. After "
        "which batches did you expect a step?"
    ),
    hints=(
        "What is the value of your counter at the very first batch, and is the condition true there?",
        "range and enumerate begin at 0, and 0 leaves no remainder. A counter of finished batches begins at 1.",
        "Read about the argument start of builtins.enumerate, and check which of the two numbers stands on the left "
        "of the % sign.",
    ),
    explains=(
        "accumulation-not-averaged",
        "accumulation-tail-lost",
        "accumulation-wiped",
        "accuracy-below-threshold",
    ),
    shows=Outcome.FRESH,
)
def accumulation_uneven(evidence: Evidence) -> Iterator[Sign]:
    """The first step was a short one, and so were later ones, in between long ones.

    A remainder ends an epoch and cannot be the first step; one that is carried into the next epoch makes a few steps
    longer than the usual one; sizes that only ever grow are a plan.
    """
    trace = evidence.trace
    assert trace is not None
    fresh = trace.with_outcome(Outcome.FRESH)
    for optimizer in sorted({pattern.optimizer for pattern in fresh}):
        yield from _uneven([pattern for pattern in fresh if pattern.optimizer == optimizer], trace.backwards.wiped)


def _uneven(patterns: list[StepPattern], wiped: int) -> Iterator[Sign]:
    sizes = sorted({pattern.fresh for pattern in patterns})
    steps = {size: sum(item.count for item in patterns if item.fresh == size) for size in sizes}
    few, many = sizes[0], sizes[-1]
    short = [pattern for pattern in patterns if pattern.fresh == few]
    long = [pattern for pattern in patterns if pattern.fresh > few]
    if not 1 < len(steps) <= MOST_SIZES or steps[few] < FEWEST_STEPS or min(item.first for item in short):
        return
    if not wiped and steps[few] > sum(steps.values()) - steps[few]:
        return  # the short ones are the usual ones, and nothing is lost: a remainder is carried over
    if max(item.last for item in short) > min(item.first for item in long):
        yield sign(short[0].line_of("step"), count=steps[few], of=sum(steps.values()), few=few, many=many)
