"""Each step begins to read the data anew and gets the same first batch."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, LoaderFacts, Severity, Sign, check, sign

FEWEST_PASSES = 3
#: a loop that is left after one batch so often, and more often than there are batches, is left on purpose
ON_PURPOSE = 20


@check(
    group="data",
    severity=Severity.ERROR,
    title="Every step trains on the same batch",
    message=(
        "{passes} times the reading of the data began anew ({line}), and each time only the first batch was trained "
        "on. The order is fixed, so it was the same batch; there are {batches}."
    ),
    why=(
        "A loader that is not shuffled starts with the same samples whenever it is started. A loop that starts it "
        "for each step, or leaves after one batch, learns these few samples by heart and never sees the others. "
        "The loss falls well, and on new data the model knows little."
    ),
    experiment=(
        "Print the first label or the sum of the inputs of the batch in five consecutive steps. How many different "
        "values do you see?"
    ),
    hints=(
        "How often is an iterator made, and how many batches are taken from each?",
        "An iterator remembers where it is. A new one begins at the beginning.",
        "Compare builtins.iter and builtins.next, and see what a plain for loop does with a loader.",
    ),
    explains=("accuracy-below-threshold", "data-not-covered", "data-not-shuffled", "loss-not-decreasing"),
)
def same_batch_every_step(evidence: Evidence) -> Iterator[Sign]:
    """Several passes of a loader of fixed order, each left after the first of several batches.

    Can the model learn one batch by heart? Who asks that leaves a loop over the loader at once, many times: a note.
    """
    trace = evidence.trace
    assert trace is not None
    for loader in trace.loaders:
        again = loader.trained_passes >= FEWEST_PASSES and loader.most_trained == 1 and not loader.finished
        if again and loader.sequential and (loader.batches or 0) > 1 and not trace.trained_through(loader):
            severity = Severity.NOTE if _is_on_purpose(loader) else None
            yield sign(loader.line, severity=severity, passes=loader.trained_passes, batches=loader.batches)


def _is_on_purpose(loader: LoaderFacts) -> bool:
    return loader.looped == loader.passes >= ON_PURPOSE and loader.passes > (loader.batches or 0)
