"""The process was ended by the system."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Basis, Blame, Evidence, RunStatus, Severity, Sign, check, sign


@check(
    group="run",
    severity=Severity.ERROR,
    title="The system ended the program",
    message="The program was ended from outside ({line}): {reason}. Optimizer steps until then: {steps}.",
    why=(
        "A run has limits on processes, files and memory, and some operations are closed to it. A program "
        "that goes against them is ended at once, without a traceback, and its model is lost."
    ),
    experiment=(
        "Run the program with a single process and without anything but the training loop. Does it come to "
        "its end then? Put the other parts back one by one."
    ),
    hints=(
        "What does the program start, open or write besides the training: programs, many workers, thousands of files?",
        "A training loop for a small data set needs one process.",
        "num_workers of torch.utils.data.DataLoader decides how many processes load data; os.kill and "
        "multiprocessing are not needed here.",
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
def killed(evidence: Evidence) -> Iterator[Sign]:
    """The run's own status, measured from outside."""
    run = evidence.run
    if run.status is RunStatus.KILLED and run.blame not in (Blame.GRADER, Blame.EXERCISE):
        reason = run.reason or (run.crash.type if run.crash else f"exit code {run.exit_code}")
        yield sign(run.last_line, reason=reason, steps=evidence.trace.steps if evidence.trace else 0)
