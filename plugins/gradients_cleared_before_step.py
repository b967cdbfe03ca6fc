"""The gradients are emptied after backward() and before the optimizer could use them."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Outcome, Severity, Sign, by_hand, check, sign


@check(
    group="order",
    severity=Severity.ERROR,
    title="The gradients are gone before the optimizer can use them",
    message=(
        "In {count} of {of} optimizer steps, the gradients that backward() had computed were emptied "
        "({line}) before the step, and the step found nothing."
    ),
    why=(
        "A step without gradients moves no weight. The loop computes everything it needs and throws it away, "
        "so the loss stays where it was however long the training takes."
    ),
    experiment=(
        "Print one parameter's .grad right before the optimizer's step. Then print it one line earlier, and "
        "again one line before that. Where does it vanish?"
    ),
    hints=(
        "Which lines run between backward() and the step, and what does each of them do to .grad?",
        "Gradients have a short life: they are computed, then used, then emptied. Emptying belongs before "
        "the next backward(), at the beginning or at the very end of a turn.",
        "Compare where torch.optim.Optimizer.zero_grad and torch.optim.Optimizer.step stand in the loop.",
    ),
    explains=("accuracy-below-threshold", "loss-not-decreasing"),
    shows=Outcome.WIPED,
)
def gradients_cleared_before_step(evidence: Evidence) -> Iterator[Sign]:
    """Steps whose gradients were wiped, unless the very first step already came too early.

    One step in a while may be emptied on purpose (a loss that is not finite), so a quarter is asked for.
    """
    trace = evidence.trace
    assert trace is not None
    wiped = trace.count(Outcome.WIPED)
    if 4 * wiped < trace.steps or not wiped or _began_empty(evidence):
        return
    patterns = trace.with_outcome(Outcome.WIPED)
    line = (patterns[0].cleared_line or patterns[0].line_of("zero_grad")) if patterns else None
    yield sign(line or by_hand.clearing_line(evidence.submission.source), count=wiped, of=trace.steps)


def _began_empty(evidence: Evidence) -> bool:
    """The first step of an optimizer that was wiped later came before any gradient: the order is another."""
    trace = evidence.trace
    assert trace is not None
    wiped = {pattern.optimizer for pattern in trace.with_outcome(Outcome.WIPED)}
    empty = (pattern for pattern in trace.with_outcome(Outcome.EMPTY) if pattern.first == 0)
    return any(pattern.optimizer in wiped for pattern in empty)
