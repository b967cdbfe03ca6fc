"""Every pass over the data ends after its first batch."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, LoaderFacts, Severity, Sign, check, sign

#: a data set in fewer batches may be meant to be seen in pieces
FEWEST_BATCHES = 4
FEWEST_PASSES = 2


@check(
    group="data",
    severity=Severity.WARNING,
    title="Only the first batch of each pass is used",
    message=(
        "In {passes} passes over the data ({line}), training used one batch each time and then left. A pass has "
        "{batches} batches."
    ),
    why=(
        "An epoch is meant to show the model every sample once. When the loop ends after its first batch, nearly "
        "all of the data stays unseen: the model takes very few steps, and what it does learn rests on a handful "
        "of samples."
    ),
    experiment=(
        "Count the batches of one epoch with a plain counter and print it beside the length of the loader. Are the "
        "two numbers equal?"
    ),
    hints=(
        "What ends the loop over the batches: the end of the data, or a line inside the loop?",
        "break and return leave a loop at once, also when they were meant to stand one level further out.",
        "Check the indentation of what follows torch.optim.Optimizer.step, and where iter(...) is called.",
    ),
    explains=("accuracy-below-threshold", "loss-not-decreasing"),
)
def data_not_covered(evidence: Evidence) -> Iterator[Sign]:
    """All passes that trained left after one batch, and together they cannot have seen the whole data set.

    One batch that is used again and again belongs to a single pass: that is a test on purpose.
    """
    trace = evidence.trace
    assert trace is not None
    for loader in trace.loaders:
        if trace.trained_through(loader):  # a learning-rate finder before the training, a trial batch
            continue
        if _leaves_early(loader) and not loader.sequential and loader.trained < (loader.batches or 0):
            yield sign(loader.line, passes=loader.trained_passes, batches=loader.batches)


def _leaves_early(loader: LoaderFacts) -> bool:
    several = loader.trained_passes >= FEWEST_PASSES and (loader.batches or 0) >= FEWEST_BATCHES
    return several and loader.most_trained == 1 and not loader.finished
