"""The program was still running when its time was over."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Basis, Evidence, RunStatus, Severity, Sign, check, sign


@check(
    group="run",
    severity=Severity.ERROR,
    title="The program did not come to an end in time",
    message=(
        "The run reached its limit of {seconds} seconds and was stopped ({line}). Optimizer steps until then: "
        "{steps}; epochs: {epochs}."
    ),
    why=(
        "Either a loop never ends, or the training does more work than the exercise needs. Nothing after the "
        "place where it was stopped could be looked at."
    ),
    experiment=(
        "Run one epoch on a few batches and measure it with time.perf_counter(). Multiply by the number of "
        "batches and epochs: is the result near the limit, or far below it?"
    ),
    hints=(
        "Does the number of steps grow until the end, or does the program stand still at some line?",
        "A while loop needs something in its body that makes its condition false.",
        "If every step is slow, look at what is repeated in it without need: torch.utils.data.DataLoader, a "
        "conversion to NumPy, or a second loop over single samples.",
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
def timed_out(evidence: Evidence) -> Iterator[Sign]:
    """The run's own status, measured from outside; how far training had come is the worker's claim."""
    run, trace = evidence.run, evidence.trace
    if run.status is RunStatus.TIMED_OUT:
        yield sign(
            run.last_line,
            seconds=run.limit if run.limit is not None else evidence.exercise.limits.wall_seconds,
            steps=trace.steps if trace else 0,
            epochs=len(trace.epochs) if trace else 0,
        )
