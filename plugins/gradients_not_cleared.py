"""A gradient that has been applied before is applied again, together with a new one."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Outcome, Severity, Sign, check, sign


@check(
    group="order",
    severity=Severity.ERROR,
    title="Each batch's gradients are added to those of the batches before",
    message=(
        "In {count} of {of} updates, backward() ({line}) added its gradients to values in .grad that an "
        "earlier update had already used."
    ),
    why=(
        "The update then follows the sum of old batches and not the current one. The steps grow longer and "
        "longer, and they pull in directions that are out of date: the loss may fall fast at first and then "
        "swing or diverge."
    ),
    experiment=(
        "Print the norm of one parameter's .grad right after backward(), for three batches in a row. What "
        "did you expect to see, and what do you see?"
    ),
    hints=(
        "What is in .grad at the moment when backward() starts on the second batch?",
        "backward() adds to .grad and never replaces it; this is how several batches can be accumulated on "
        "purpose. Somebody has to empty it once it has been used.",
        "Look at torch.optim.Optimizer.zero_grad, and decide how often it belongs in the loop.",
    ),
    explains=("accuracy-below-threshold", "loss-diverged", "loss-not-decreasing"),
    shows=Outcome.STALE,
)
def gradients_not_cleared(evidence: Evidence) -> Iterator[Sign]:
    """Updates whose buffer held used contributions and new ones, by an optimizer or by hand.

    Only backward() adds to what is there; gradients that were set by hand replace it.
    """
    trace = evidence.trace
    assert trace is not None
    stale = trace.count(Outcome.STALE)
    if stale and trace.backwards.total:
        patterns = trace.with_outcome(Outcome.STALE)
        line = patterns[0].line_of("backward") if patterns else None
        names = ", ".join(patterns[0].parameters) if patterns else ""
        yield sign(line or trace.backwards.line, count=stale, of=trace.steps, measured={"parameters": names})
    elif trace.by_hand_stale.count:
        line = trace.backwards.line or trace.by_hand_stale.line
        yield sign(line, count=trace.by_hand_stale.count, of=max(trace.by_hand.count, trace.by_hand_stale.count))
