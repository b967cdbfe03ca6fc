"""An exception, or a fault of the process, ended the program."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Basis, Blame, Crash, Evidence, RunStatus, Severity, Sign, check, sign


@check(
    group="run",
    severity=Severity.ERROR,
    title="The program stopped with an error",
    message="{type} ended the program ({line}): {reason}. Optimizer steps until then: {steps}.",
    why=(
        "Whatever comes after this line never ran. A program that stops halfway leaves a model that is "
        "trained halfway, and what was to be checked after it cannot be judged."
    ),
    experiment=(
        "Run the program yourself and read the last line of the traceback first: it names what went wrong. "
        "Then print the type and the shape of every value that the marked line uses, just before it."
    ),
    hints=(
        "What did you expect each value on that line to be, and what is it really?",
        "Most errors in a training loop are about shapes, number types, or a value that has no graph behind "
        "it. Which of these words is in the message?",
        "Tensor.shape, Tensor.dtype and Tensor.requires_grad answer these three questions; breakpoint() "
        "stops the program right there.",
    ),
    needs=(),
    basis=Basis.MEASURED,
    explains=(
        "accuracy-below-threshold",
        "evaluated-on-training-data",
        "loss-not-decreasing",
        "no-evaluation-happened",
    ),
)
def crashed(evidence: Evidence) -> Iterator[Sign]:
    """The run's own status, measured from outside; type and message are the worker's claim."""
    run = evidence.run
    if run.status is not RunStatus.CRASHED or run.blame in (Blame.GRADER, Blame.EXERCISE):
        return
    crash = run.crash or Crash(f"exit code {run.exit_code}", "")
    steps = evidence.trace.steps if evidence.trace else 0
    yield sign(crash.line, type=crash.type, reason=crash.message, steps=steps)
