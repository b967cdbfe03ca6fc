"""The program died of something that it may not do here: the network, or files outside of its folder."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Basis, Blame, Evidence, RunStatus, Severity, Sign, check, sign

TYPES = ("ConnectionError", "ConnectionRefusedError", "MaxRetryError", "PermissionError", "URLError", "gaierror")
#: how the system and torchvision say it in exceptions of other types
WORDS = (
    "Address family not supported",
    "Error downloading",
    "Name or service not known",
    "Network is unreachable",
    "Operation not permitted",
    "Read-only file system",
    "Temporary failure in name resolution",
)


@check(
    group="run",
    severity=Severity.ERROR,
    title="The program needs something that it cannot reach here",
    message="{type} ended the program ({line}): {reason}. It has no network and can write only into its own folder.",
    why=(
        "A submission is run in a closed room so that every one has the same conditions and none can disturb "
        "another. Data that the exercise gives is there without a download. Whatever else a program fetches, or "
        "wants to write elsewhere, is refused, and here the program stopped because of it."
    ),
    experiment=(
        "Find out what the marked line wants to reach, switch off the network of your own machine, and run the "
        "program again. Does it stop at the same line?"
    ),
    hints=(
        "Does the exercise need what this line fetches or writes?",
        "Files beside the program can be read and written with a plain name. Pages, packages and other data sets "
        "cannot be fetched.",
        "If the line is a nice extra, an except for builtins.OSError around it lets the training go on without it.",
    ),
    needs=(),
    basis=Basis.MEASURED,
    explains=("crashed",),
)
def forbidden_operation(evidence: Evidence) -> Iterator[Sign]:
    """An exception that only something out of reach raises; what the program survived is no matter."""
    run = evidence.run
    if run.status is not RunStatus.CRASHED or run.crash is None or run.blame in (Blame.GRADER, Blame.EXERCISE):
        return
    crash = run.crash
    if crash.type in TYPES or any(words in crash.message for words in WORDS):
        reason = (crash.message or crash.type).splitlines()[0].rstrip(".")
        yield sign(crash.line, type=crash.type, reason=reason)
