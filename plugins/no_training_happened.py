"""The program came to its end and nothing was ever trained."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Basis, Evidence, RunStatus, Severity, Sign, check, sign


@check(
    group="run",
    severity=Severity.ERROR,
    title="The program ran to its end, and no training with torch was seen",
    message=(
        "In the whole run no gradient of autograd and no update of a parameter was seen. Forward passes seen: {count}."
    ),
    why=(
        "A model learns when gradients are computed from a loss and used to change its weights. None of this was "
        "seen. Gradients that a program computes by itself, without autograd, cannot be watched."
    ),
    experiment=(
        "Put a print() on the first line inside the loop over the batches and run the program. How often "
        "does it appear? Not at all would explain everything."
    ),
    hints=(
        "Is the function that holds the loop called anywhere, and does its loop have anything to go through?",
        "After a loop over a generator or an iterator has used it up, a second loop over it has nothing left.",
        "In the loop, each batch needs a loss, Tensor.backward and torch.optim.Optimizer.step.",
    ),
    explains=("accuracy-below-threshold", "no-evaluation-happened", "unusable-answers"),
    needs=("completed",),
    basis=Basis.CLAIMED,
)
def no_training_happened(evidence: Evidence) -> Iterator[Sign]:
    """Nothing that training is made of was seen in a run that came to its end."""
    trace = evidence.trace
    if trace is None or evidence.run.status is not RunStatus.COMPLETED or trace.shows_training:
        return
    yield sign(count=sum(group.calls for group in trace.forwards))
