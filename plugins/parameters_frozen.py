"""None of the parameters that the optimizer holds may change."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Outcome, Severity, Sign, Trace, check, sign


@check(
    group="wiring",
    severity=Severity.ERROR,
    title="Everything that the optimizer holds is frozen",
    message=(
        "The optimizer ({line}) holds {count} parameters. In the whole run, not one of them asked for a "
        "gradient. Steps that it took: {steps}."
    ),
    why=(
        "A parameter whose requires_grad is off is a constant: backward() leaves it out, and the optimizer "
        "passes over it. Freezing is a tool for keeping some layers as they are; if it takes in all of them, "
        "nothing is left that could learn."
    ),
    experiment=(
        "Print the name and requires_grad of every parameter just before the training begins. Which of them "
        "are meant to learn?"
    ),
    hints=(
        "Which loop or line switches gradients off, and which parameters does it go through?",
        "A layer made after the freezing asks for gradients; one that was there before it is frozen with the rest.",
        "Look at Tensor.requires_grad_ and torch.nn.Module.requires_grad_, and where the new head is made.",
    ),
    explains=(
        "accuracy-below-threshold", "crashed", "graph-detached", "loss-not-decreasing", "missing-backward",
        "optimizer-missing-parameters", "weights-not-changing",
    ),
    shows=Outcome.FROZEN,
)  # fmt: skip
def parameters_frozen(evidence: Evidence) -> Iterator[Sign]:
    """An optimizer that never held anything that can learn: it stepped so, or backward() found nothing."""
    trace = evidence.trace
    assert trace is not None
    nothing_learns = not any(optimizer.trainable for optimizer in trace.optimizers)
    refused = nothing_learns and trace.backwards.without_graph.count
    for index, optimizer in enumerate(trace.optimizers):
        if not optimizer.parameters or optimizer.trainable:
            continue
        if _only_frozen(trace, index) or refused:
            yield sign(optimizer.line, count=optimizer.parameters, steps=optimizer.steps)
            return


def _only_frozen(trace: Trace, optimizer: int) -> bool:
    own = [pattern.outcome for pattern in trace.patterns if pattern.optimizer == optimizer]
    return bool(own) and set(own) == {Outcome.FROZEN}
