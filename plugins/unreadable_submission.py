"""What was handed in cannot be read as the text of a program."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Basis, Evidence, Severity, Sign, check, sign


@check(
    group="run",
    severity=Severity.ERROR,
    title="The file cannot be read as a program",
    message="The submission could not be read: {reason}. Nothing was run.",
    why=(
        "The grader reads a Python program as text in UTF-8, of at most 200 KB. An empty file, a picture of "
        "the code, a document of a word processor or a file with data inside it is something else, and there "
        "is no loop in it to look at."
    ),
    experiment=(
        "Open the very file that you handed in, from the place where you handed it in, with a plain text "
        "editor. What you see there is what the grader received."
    ),
    hints=(
        "Is it the file that you meant to send, and had it been saved before?",
        "A file grows large when data or the output of a notebook is stored inside it.",
        "pathlib.Path.read_text, with its encoding set to UTF-8, reads the file as the grader does.",
    ),
    needs=(),
    basis=Basis.MEASURED,
    explains=("accuracy-below-threshold",),
)
def unreadable_submission(evidence: Evidence) -> Iterator[Sign]:
    """The rejection says so itself."""
    crash = evidence.run.crash
    if crash is not None and crash.type == "unreadable-submission":
        yield sign(crash.line, reason=crash.message)
