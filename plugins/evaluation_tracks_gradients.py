"""The evaluation builds graphs that nobody will use."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, ForwardGroup, Severity, Sign, check, sign

#: a single look at a few predictions does no harm
FEWEST_CALLS = 2


@check(
    group="evaluation",
    severity=Severity.WARNING,
    title="The evaluation prepares for gradients that nobody needs",
    message=(
        "In {count} of {of} forward passes of the evaluation ({line}) gradients were being tracked, and no "
        "backward pass followed."
    ),
    why=(
        "While gradients are tracked, PyTorch keeps every intermediate value in case backward() comes. An "
        "evaluation never calls it: the memory is held for nothing, and each batch takes longer. The result "
        "is the same."
    ),
    experiment=(
        "Print requires_grad of the output in the evaluation. Then measure the time of one evaluation with "
        "tracking and without."
    ),
    hints=(
        "Does anything in the evaluation need to know how the output depends on the weights?",
        "eval() changes how dropout and batch normalisation behave. It does not switch gradients off.",
        "Read about torch.no_grad and torch.inference_mode, which are used in a with statement.",
    ),
)
def evaluation_tracks_gradients(evidence: Evidence) -> Iterator[Sign]:
    """Forwards of the trained model in evaluation mode, with a graph, that never met a backward pass."""
    trace = evidence.trace
    assert trace is not None
    evaluations = [group for group in trace.forwards if _evaluates(group)]
    tracked = [group for group in evaluations if group.grad_enabled]
    count = sum(group.calls for group in tracked)
    if count >= FEWEST_CALLS:
        worst = max(tracked, key=lambda group: group.calls)
        yield sign(worst.line, count=count, of=sum(group.calls for group in evaluations))


def _evaluates(group: ForwardGroup) -> bool:
    return not group.trained and not group.training and group.judged > 0 and group.updated
