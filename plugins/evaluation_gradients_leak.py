"""Gradients that were computed in an evaluation take part in a training step."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Severity, Sign, check, sign

FEWEST_STEPS = 2


@check(
    group="evaluation",
    severity=Severity.WARNING,
    title="Gradients of the evaluation get into the training",
    message=(
        "{count} of {of} optimizer steps used gradients of batches that were evaluated: backward() in the "
        "evaluation ({line}) had left them in .grad."
    ),
    why=(
        "backward() adds to .grad wherever it is called. What an evaluation leaves there is applied by the next "
        "step of the training, together with what belongs there. The model then learns from the data that should "
        "only judge it, and that step is much too long."
    ),
    experiment=(
        "Print the norm of one parameter's .grad right before the first backward() of each epoch. In which epoch is "
        "it more than 0?"
    ),
    hints=(
        "Which of the lines of your evaluation were copied from the training, and is each of them needed there?",
        "An evaluation reads the loss and does nothing with it. What is not tracked cannot leave anything behind.",
        "Read about torch.no_grad, and find all calls of Tensor.backward.",
    ),
    explains=(
        "accumulation-not-averaged",
        "accumulation-tail-lost",
        "accumulation-uneven",
        "accuracy-below-threshold",
        "evaluated-on-training-data",
        "evaluation-tracks-gradients",
        "training-in-eval-mode",
    ),
)
def evaluation_gradients_leak(evidence: Evidence) -> Iterator[Sign]:
    """Steps that used gradients of one model in both modes, from different passes over data."""
    trace = evidence.trace
    assert trace is not None
    if trace.leaked.count >= FEWEST_STEPS:
        yield sign(trace.leaked.line, count=trace.leaked.count, of=trace.steps)
