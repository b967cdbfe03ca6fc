"""Each step begins to read the data anew and gets the same first batch."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, LoaderFacts, Severity, Sign, Trace, check, sign

FEWEST_PASSES = 3
#: loss calls that met the batch of the call before, and their share of those that were looked at
FEWEST_MET, SHARE = 8, 0.8
#: a loop that is left after one batch so often, and more often than there are batches, is left on purpose
ON_PURPOSE = 20


@check(
    group="data",
    severity=Severity.ERROR,
    title="Every step trains on the same batch",
    message=(
        "The training met the same batch again in {count} of {of} steps that were looked at ({line}). The data has "
        "{batches} batches."
    ),
    why=(
        "A loader that is not shuffled starts with the same samples each time, and a slice between fixed ends holds "
        "the same rows in every turn. The model learns these few samples by heart and never sees the others: the "
        "loss falls well, and on new data the model knows little."
    ),
    experiment=(
        "Print the first label or the sum of the inputs of the batch in five consecutive steps. How many different "
        "values do you see?"
    ),
    hints=(
        "What changes in each turn of the loop, and does what goes into the model depend on it?",
        "An iterator remembers where it is, and a new one begins at the beginning. A position of your own you have to "
        "move.",
        "Compare builtins.iter and builtins.next, and see what a plain for loop does with a loader.",
    ),
    explains=("accuracy-below-threshold", "data-not-covered", "data-not-shuffled", "loss-not-decreasing"),
)
def same_batch_every_step(evidence: Evidence) -> Iterator[Sign]:
    """Passes of a loader of fixed order, each left after the first batch; or a batch that does not change by itself.

    Can the model learn one batch by heart? Who asks that leaves a loop over the loader at once, many times: a note.
    Or trains on one batch without going through the others meanwhile: nothing at all.
    """
    trace = evidence.trace
    assert trace is not None
    for loader in trace.loaders:
        again = loader.trained_passes >= FEWEST_PASSES and loader.most_trained == 1 and not loader.finished
        if again and loader.sequential and (loader.batches or 0) > 1 and not trace.trained_through(loader):
            severity = Severity.NOTE if _is_on_purpose(loader) else None
            passes = loader.trained_passes
            yield sign(loader.line, severity=severity, count=passes, of=passes, batches=loader.batches)
            return
    yield from _not_moving(trace)


def _is_on_purpose(loader: LoaderFacts) -> bool:
    return loader.looped == loader.passes >= ON_PURPOSE and loader.passes > (loader.batches or 0)


def _not_moving(trace: Trace) -> Iterator[Sign]:
    """Nearly all loss calls met what the one before had met, while a loader gave others or by a cut of their own."""
    repeats = trace.pairs.repeats
    if repeats.kept >= max(FEWEST_MET, SHARE * repeats.looked):
        batches = max((loader.batches or 0 for loader in trace.loaders), default=0)
        yield sign(repeats.line, count=repeats.kept, of=repeats.looked, batches=batches)
    elif repeats.cut >= max(FEWEST_MET, SHARE * repeats.looked):
        batches = -(-repeats.of // max(1, repeats.rows))
        yield sign(repeats.line, severity=Severity.WARNING, count=repeats.cut, of=repeats.looked, batches=batches)
