"""The text is not valid Python."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Basis, Evidence, Severity, Sign, check, sign


@check(
    group="run",
    severity=Severity.ERROR,
    title="Python cannot read the program",
    message="Python stopped reading here ({line}): {reason}. Nothing was run.",
    why=(
        "Python reads the whole file before it runs the first line. One sign in the wrong place is enough to "
        "keep everything else from starting, so no other check could look at the loop yet."
    ),
    experiment=(
        "Comment the marked line out and run the file again. If the message moves to another line, the cause "
        "is nearby; if it disappears, the cause is in the line itself."
    ),
    hints=(
        "Which bracket, quotation mark or colon was opened last before this place, and where is it closed?",
        "The real cause is often at the end of the line above the marked one.",
        "py_compile.compile checks a file without running it; the tutorial of Python explains it all under "
        "SyntaxError.",
    ),
    needs=(),
    basis=Basis.MEASURED,
    explains=("accuracy-below-threshold",),
)
def syntax_error(evidence: Evidence) -> Iterator[Sign]:
    """The rejection says so itself."""
    crash = evidence.run.crash
    if crash is not None and crash.type == "syntax-error":
        yield sign(crash.line, reason=crash.message)
