"""A function that the exercise calls is not defined in what was handed in."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Basis, Evidence, Severity, Sign, check, sign


@check(
    group="run",
    severity=Severity.ERROR,
    title="A function that the exercise calls is not there",
    message="The exercise could not call what it needs: {reason}. Nothing was run.",
    why=(
        "This exercise does not run a program from top to bottom: it calls your function with a model and "
        "data of its own, and finds the function by its exact name. Without it no line of the loop is "
        "reached."
    ),
    experiment=(
        "Open a Python prompt in the folder of the file, import the file, and ask for the function by the "
        "name in the task. The answer is the one that the grader got."
    ),
    hints=(
        "Is the name in the file written exactly as in the task, capitals and underscores included?",
        "A function inside a class, inside another function or behind an if is not found from outside.",
        "Look at a def statement at the top level of the module; dir(module) lists the names that it offers.",
    ),
    needs=(),
    basis=Basis.MEASURED,
    explains=("accuracy-below-threshold", "no-training-happened", "unusable-answers"),
)
def missing_entry_point(evidence: Evidence) -> Iterator[Sign]:
    """The rejection says so itself."""
    crash = evidence.run.crash
    if crash is not None and crash.type == "missing-entry-point":
        yield sign(crash.line, reason=crash.message)
