"""The program ended itself before any training was done."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Basis, Evidence, RunStatus, Severity, Sign, check, sign


@check(
    group="run",
    severity=Severity.ERROR,
    title="The program ended itself before the training was done",
    message=("The program left on its own ({line}), with exit code {code}. Optimizer steps until then: {steps}."),
    why=(
        "A program that calls exit() on its way ends the whole process at that place. The lines below it "
        "never run, and the model is gone with the process, so nobody can ask it anything."
    ),
    experiment=(
        "Print a line just before the training loop and another one right after it. Which of the two do you "
        "see when you run the program?"
    ),
    hints=(
        "Under which condition does the program leave, and is that condition true here, where nobody types "
        "anything and no arguments are given?",
        "A function ends with return and a loop with break; neither ends the program.",
        "sys.exit raises SystemExit and os._exit ends the process at once: search the file for these names, "
        "and for quit.",
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
def exited(evidence: Evidence) -> Iterator[Sign]:
    """The run's own status, measured from outside."""
    run = evidence.run
    if run.status is RunStatus.EXITED:
        line = run.crash.line if run.crash else run.last_line
        steps = evidence.trace.steps if evidence.trace else 0
        yield sign(line, code=run.exit_code if run.exit_code is not None else "?", steps=steps)
