"""Gradients are computed, and nobody ever uses them."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, RunStatus, Severity, Sign, Trace, check, sign


@check(
    group="order",
    severity=Severity.ERROR,
    title="Gradients are computed, and no weight is ever updated",
    message=("Backward passes in the run: {count} ({line}). Updates of the weights that used their gradients: 0."),
    why=(
        "backward() only says in which direction each weight should move. Moving it is the work of somebody "
        "else; without it the model after the last epoch is exactly the model before the first."
    ),
    experiment=(
        "Keep a clone of one weight before the training and compare it with the same weight afterwards, with "
        "torch.equal. What should the answer be, and what is it?"
    ),
    hints=(
        "Who changes the weights once their gradients are known, and is it asked to do so in every turn?",
        "Naming a method does nothing by itself: without parentheses it is only mentioned.",
        "Look at torch.optim.Optimizer.step, and at its place after Tensor.backward.",
    ),
    explains=("accuracy-below-threshold", "loss-not-decreasing"),
)
def missing_step(evidence: Evidence) -> Iterator[Sign]:
    """Backward passes, no optimizer step, no update by hand.

    A run that was cut short may have been about to step: there, two passes must have been thrown away.
    """
    trace = evidence.trace
    assert trace is not None
    if trace.backwards.total and not _updates(trace):
        ended = evidence.run.status is RunStatus.COMPLETED and trace.complete
        if ended or trace.backwards.wiped >= 2:
            yield sign(trace.backwards.line, count=trace.backwards.total, of=trace.backwards.total)


def _updates(trace: Trace) -> int:
    return trace.steps + trace.by_hand.count + trace.backwards.used + trace.functional.count
