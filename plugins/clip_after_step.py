"""Gradients are limited when the optimizer has already used them."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Outcome, Severity, Sign, check, sign

FEWEST_CALLS = 2


@check(
    group="scaling",
    severity=Severity.WARNING,
    title="The gradients are clipped after the optimizer has used them",
    message=(
        "In {count} of {of} calls that were looked at, clipping ({line}) found only gradients that a step had "
        "already used."
    ),
    why=(
        "Clipping shortens a gradient that is too long before it can move the weights too far. After the step the "
        "weights have already moved, and what is shortened then is thrown away by the next clearing. The loop "
        "trains as if there were no clipping at all."
    ),
    experiment=(
        "Set the limit to a tiny number, such as 1e-6. With clipping in the right place the loss would hardly move. "
        "What does it do here?"
    ),
    hints=(
        "At which moment does the gradient change the weights, and what comes first: that moment or the limit?",
        "A gradient is computed, then prepared, then used. Clipping is preparation.",
        "Compare where torch.nn.utils.clip_grad_norm_ and torch.optim.Optimizer.step stand in the loop.",
    ),
    explains=("accuracy-below-threshold", "loss-diverged"),
    shows=Outcome.FRESH,
)
def clip_after_step(evidence: Evidence) -> Iterator[Sign]:
    """Most calls found what had been used before, and no other line clips anything new."""
    trace = evidence.trace
    assert trace is not None
    if any(clip.looked > 2 * (clip.applied + clip.empty + clip.foreign) for clip in trace.clips):
        return
    for clip in trace.clips:
        if clip.applied >= FEWEST_CALLS and 2 * clip.applied > clip.looked and not clip.foreign:
            yield sign(clip.line, count=clip.applied, of=clip.looked)
