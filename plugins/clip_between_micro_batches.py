"""Gradients are limited while an accumulation is still going on."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Outcome, Severity, Sign, check, sign

FEWEST_CALLS = 3


@check(
    group="scaling",
    severity=Severity.WARNING,
    title="The gradients are clipped after each small batch, not once per step",
    message=(
        "At least {count} times, what clipping ({line}) had limited was added to by the next batch before any step "
        "used it."
    ),
    why=(
        "A limit is meant for the gradient that a step uses: here, the sum over several batches. When the unfinished "
        "sum is shortened again and again, the batches that came first lose weight each time, and the last one "
        "counts most. The direction is no longer the mean of all of them."
    ),
    experiment=(
        "Print the norm of .grad before and after each clipping, for the batches of one step. How much is left of "
        "the first batch at the end?"
    ),
    hints=(
        "How often is clipping called for one step, and which of these calls sees the complete gradient?",
        "Everything that belongs to a step happens under the same condition as the step itself.",
        "Compare the indentation of torch.nn.utils.clip_grad_norm_ and torch.optim.Optimizer.step.",
    ),
    shows=Outcome.FRESH,
)
def clip_between_micro_batches(evidence: Evidence) -> Iterator[Sign]:
    """Another batch, by the same line of backward(), came on top of a limited and unused gradient.

    Limits for single losses of one batch, and for single samples that are kept elsewhere, are another matter.
    """
    trace = evidence.trace
    assert trace is not None
    for clip in trace.clips:
        if clip.added >= FEWEST_CALLS and 3 * clip.added > clip.looked:
            yield sign(clip.line, count=clip.added)
