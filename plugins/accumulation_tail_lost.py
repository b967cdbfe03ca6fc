"""What is left of an accumulation at the end of an epoch is thrown away."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Outcome, Severity, Sign, check, sign


@check(
    group="scaling",
    severity=Severity.NOTE,
    title="The last batches of an epoch are computed and not used",
    message=(
        "{count} of {of} backward passes ({line}) never reached an optimizer step; a step follows after every "
        "{batches} batches."
    ),
    why=(
        "When the number of batches is no multiple of the number that a step waits for, a few are left over at the "
        "end of each epoch. Their gradients are computed and then dropped. With shuffled data that is a small loss; "
        "with a fixed order the same samples are never learned from."
    ),
    experiment=(
        "Print the number of batches in an epoch and the number of batches for each step. What is the remainder of "
        "the division?"
    ),
    hints=(
        "Which batches of an epoch come after its last step?",
        "Either a last, smaller step uses them, or the data is cut so that nothing is left over.",
        "Compare len(loader) with your counter, or look at drop_last of torch.utils.data.DataLoader.",
    ),
    shows=Outcome.FRESH,
)
def accumulation_tail_lost(evidence: Evidence) -> Iterator[Sign]:
    """Steps of one size, and fewer passes lost than one step of that size in each epoch."""
    trace = evidence.trace
    assert trace is not None
    facts = trace.backwards
    fresh = trace.with_outcome(Outcome.FRESH)
    sizes = {pattern.fresh for pattern in fresh}
    lost = facts.wiped + facts.pending
    size = max(sizes, default=0)
    few = 0 < lost < size * max(1, len(trace.epochs))
    if len(sizes) == 1 and size > 1 and few and len(facts.places) == 1 and trace.complete:
        yield sign(facts.line, count=lost, of=facts.total, batches=size)
