"""The same seed is set again and again while the model is trained."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Severity, Sign, check, sign

#: once or twice may begin another phase
FEWEST = 3


@check(
    group="wiring",
    severity=Severity.NOTE,
    title="The same seed is set again during the training",
    message=(
        "The same seed was set {count} times ({line}) between updates of the weights, so that the same random "
        "numbers came again each time."
    ),
    why=(
        "A seed makes a run repeatable, and once at its beginning is enough. Set again in each turn, it makes "
        "all turns draw the same numbers: the same order of the data, the same units dropped, the same noise. "
        "What is meant to vary no longer does."
    ),
    experiment=("Print the first random number that is drawn in each turn of the loop. Does it ever change?"),
    hints=(
        "How often is the seed set in one run, and which line is inside a loop?",
        "Repeatable means that two runs are alike, not that two epochs of one run are.",
        "Look at where torch.manual_seed stands; a torch.Generator of its own serves parts that must repeat.",
    ),
)
def reseeded_in_loop(evidence: Evidence) -> Iterator[Sign]:
    """One line that set one seed several times, each time after more updates."""
    trace = evidence.trace
    assert trace is not None
    reseeded = trace.happenings.reseeded
    if reseeded.count >= FEWEST:
        yield sign(reseeded.line, count=reseeded.count)
