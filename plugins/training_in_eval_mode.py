"""The model is trained while dropout and batch normalisation behave as in a test."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Severity, Sign, check, sign


@check(
    group="mode",
    severity=Severity.ERROR,
    title="The model is trained in evaluation mode",
    message=(
        "In {count} of {of} forward passes of the training ({line}) the model was in evaluation mode. Layers "
        "of it that behave differently then: {layers}."
    ),
    why=(
        "In evaluation mode dropout does nothing and batch normalisation stops learning its averages. The "
        "model trains without the protection that these layers are there for, and with averages that no "
        "longer fit."
    ),
    experiment=(
        "Print the attribute training of the model at the first batch of each epoch. In which epoch does it "
        "change, and what ran just before?"
    ),
    hints=(
        "Which mode does the evaluation leave the model in, and who sets it back?",
        "The mode is a switch on the model: it stays where the last call has put it, also in the next epoch.",
        "Look for the call of torch.nn.Module.eval, and decide where torch.nn.Module.train belongs.",
    ),
    explains=("accuracy-below-threshold",),
)
def training_in_eval_mode(evidence: Evidence) -> Iterator[Sign]:
    """Gradients that were used and cannot all have come from forwards in training mode.

    A forward in evaluation mode whose gradient is only looked at (an attack on the input) trains nothing.
    """
    trace = evidence.trace
    assert trace is not None
    trained = [group for group in trace.forwards if group.trained]
    wrong = [group for group in trained if not group.training and group.modal]
    used = max(trace.backwards.used, trace.steps) or trace.by_hand.count
    right = sum(group.calls for group in trained if group.training or not group.modal)
    if wrong and used > right:
        worst = max(wrong, key=lambda group: group.calls)
        count = sum(group.calls for group in wrong)
        yield sign(worst.line, count=count, of=sum(group.calls for group in trained), layers=worst.modal)
