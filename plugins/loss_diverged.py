"""The loss became infinite or undefined, and the training went on with it."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Severity, Sign, Trace, check, sign


@check(
    group="loss",
    severity=Severity.ERROR,
    title="The loss became infinite or not a number",
    message="In {count} of {of} backward passes ({line}) the loss was infinite or not a number (NaN).",
    why=(
        "A NaN spreads to everything that is computed with it. One step with such a loss makes the weights "
        "NaN, and from then on every output is NaN as well: the rest of the training is lost, and so is the "
        "model."
    ),
    experiment=(
        "Print the loss of every step and find the last one that is an ordinary number. Did the values "
        "before it grow quickly, or did it happen all at once?"
    ),
    hints=(
        "What happened in the step before the first NaN: a very large loss, a very large gradient, or neither?",
        "Steps that are too long make the loss grow; a logarithm of 0 or a division by 0 makes it infinite at once.",
        "torch.isfinite finds the place, torch.autograd.set_detect_anomaly names the operation; then look "
        "at the learning rate.",
    ),
    explains=("accuracy-below-threshold", "loss-not-decreasing"),
)
def loss_diverged(evidence: Evidence) -> Iterator[Sign]:
    """Most losses, or the weights at the end: a few steps that a scaler skips are part of its work."""
    trace = evidence.trace
    assert trace is not None
    seen = trace.backwards.not_finite
    total = max(trace.backwards.total, seen.count)
    if seen.count and (2 * seen.count >= total or _ended_so(trace)):
        yield sign(seen.line or trace.backwards.line, count=seen.count, of=total)


def _ended_so(trace: Trace) -> bool:
    """The trained weights themselves give no finite loss any more."""
    model = trace.model
    return model is not None and model.first_loss is not None and model.last_loss is None
