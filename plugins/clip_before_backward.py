"""Gradients are limited before there are any."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Outcome, Severity, Sign, check, sign

FEWEST_CALLS = 2


@check(
    group="scaling",
    severity=Severity.WARNING,
    title="The gradients are clipped before they exist",
    message=(
        "In {count} of {of} calls that were looked at, clipping ({line}) found no gradient: they were empty at that "
        "moment, and backward() filled them later."
    ),
    why=(
        "Clipping works on what is in .grad right now and leaves nothing behind for later. When backward() comes "
        "afterwards, it writes gradients of any length, and the step uses them as they are. The loop trains as if "
        "there were no clipping at all."
    ),
    experiment=(
        "Print the value that the clipping call returns: it is the norm that it found. Which number did you expect, "
        "and which one do you see?"
    ),
    hints=(
        "Which line puts values into .grad, and does it come before or after the limit?",
        "A gradient is computed, then prepared, then used. Clipping is preparation.",
        "Compare where torch.nn.utils.clip_grad_norm_ and torch.Tensor.backward stand in the loop.",
    ),
    explains=("accuracy-below-threshold", "loss-diverged"),
    shows=Outcome.FRESH,
)
def clip_before_backward(evidence: Evidence) -> Iterator[Sign]:
    """Most calls found nothing although the optimizer's steps did; the parameters were the right ones."""
    trace = evidence.trace
    assert trace is not None
    if not trace.with_outcome(Outcome.FRESH):
        return
    for clip in trace.clips:
        if clip.empty >= FEWEST_CALLS and 2 * clip.empty > clip.looked and not clip.foreign:
            yield sign(clip.line, count=clip.empty, of=clip.looked)
