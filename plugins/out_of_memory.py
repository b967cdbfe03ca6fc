"""The program needed more memory than a run may have."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Basis, Evidence, RunStatus, Severity, Sign, check, sign


@check(
    group="run",
    severity=Severity.ERROR,
    title="The program ran out of memory",
    message=(
        "The run may use {limit} MB and was ended when it asked for more ({line}); at its peak it held "
        "{peak} MB. Optimizer steps until then: {steps}."
    ),
    why=(
        "Memory that grows from step to step means that something keeps old values alive; memory that is "
        "full at once means that one tensor is larger than intended. In both cases the training cannot "
        "finish."
    ),
    experiment=(
        "Train on two or three batches only, and print the memory of the process after each of them. Does it "
        "stay the same, or does it grow by the same amount every time?"
    ),
    hints=(
        "Which list, sum or dictionary outlives a step, and what is put into it?",
        "A loss that is kept as a tensor keeps the whole graph that computed it.",
        "Tensor.item and Tensor.detach give a value without its graph; torch.utils.data.DataLoader delivers "
        "the data in small batches.",
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
def out_of_memory(evidence: Evidence) -> Iterator[Sign]:
    """The run's own status, measured from outside."""
    run = evidence.run
    if run.status is RunStatus.OUT_OF_MEMORY:
        line = run.crash.line if run.crash else run.last_line
        yield sign(
            line,
            limit=run.limit if run.limit is not None else evidence.exercise.limits.memory_mb,
            peak=round(run.peak_memory_mb),
            steps=evidence.trace.steps if evidence.trace else 0,
        )
