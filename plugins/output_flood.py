"""The program printed so much that the run had to be ended."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Basis, Evidence, RunStatus, Severity, Sign, check, sign


@check(
    group="run",
    severity=Severity.ERROR,
    title="The program printed more than a run may print",
    message=(
        "The run was ended because its output never stopped growing: {limit} bytes are allowed ({line}). "
        "Optimizer steps until then: {steps}."
    ),
    why=(
        "Long output is only cut and costs nothing. Output without an end is different: it fills disks, "
        "hides the numbers that matter, and takes more time than the training itself."
    ),
    experiment=(
        "Count how often each print() of the program runs in one epoch. Which one runs once for every "
        "sample, or prints a whole tensor?"
    ),
    hints=(
        "Which numbers do you read after the run, and how many of them do you need?",
        "A message for each epoch, or for every hundredth batch, tells as much as one for each batch.",
        "The remainder operator % picks every hundredth step; Tensor.item gives one number in place of a "
        "printed tensor.",
    ),
    needs=(),
    basis=Basis.MEASURED,
    explains=(
        "accuracy-below-threshold",
        "loss-not-decreasing",
        "no-evaluation-happened",
        "no-training-happened",
    ),
)
def output_flood(evidence: Evidence) -> Iterator[Sign]:
    """The run's own status, measured from outside; output that was merely cut is no finding."""
    run = evidence.run
    if run.status is RunStatus.OUTPUT_FLOOD:
        limit = run.limit if run.limit is not None else evidence.exercise.limits.output_bytes
        yield sign(run.last_line, limit=round(limit), steps=evidence.trace.steps if evidence.trace else 0)
