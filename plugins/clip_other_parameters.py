"""The gradients that are limited are not those that the optimizer uses."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Outcome, Severity, Sign, check, sign

FEWEST_CALLS = 2


@check(
    group="scaling",
    severity=Severity.WARNING,
    title="The clipped gradients belong to other parameters",
    message=(
        "In {count} of {of} calls that were looked at, clipping ({line}) received no parameter that an optimizer "
        "updates."
    ),
    why=(
        "Clipping changes only the gradients of the parameters that it is given. If these belong to another model, "
        "or if the iterator over them was already used up, the gradients that the step uses stay as long as they "
        "were. The loop trains as if there were no clipping at all, and nothing complains."
    ),
    experiment=(
        "Count the parameters that the clipping call receives, and print the norm that it returns. Do both fit the "
        "model that you train?"
    ),
    hints=(
        "Which model's parameters does the optimizer hold, and which ones does the clipping receive?",
        "An iterator can be walked through once. Whoever comes second finds it empty, without an error.",
        "Look at what torch.nn.Module.parameters returns, and at torch.nn.utils.clip_grad_norm_.",
    ),
    explains=("accuracy-below-threshold", "clip-before-backward", "loss-diverged"),
    shows=Outcome.FRESH,
)
def clip_other_parameters(evidence: Evidence) -> Iterator[Sign]:
    """None of the parameters of most calls is held by an optimizer that took a step; a part of them is enough."""
    trace = evidence.trace
    assert trace is not None
    if trace.by_hand.count or not trace.with_outcome(Outcome.FRESH):
        return
    for clip in trace.clips:
        if clip.foreign >= FEWEST_CALLS and 2 * clip.foreign > clip.looked:
            yield sign(clip.line, count=clip.foreign, of=clip.looked)
