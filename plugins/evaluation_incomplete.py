"""The evaluation leaves out the last samples."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Severity, Sign, check, sign


@check(
    group="evaluation",
    severity=Severity.NOTE,
    title="The evaluation leaves out the last samples",
    message=(
        "The loader of the evaluation ({line}) drops a last batch that is not full: {missing} of {samples} samples "
        "were never evaluated."
    ),
    why=(
        "In training, dropping a short last batch keeps all steps alike, and shuffling brings its samples back in "
        "another epoch. An evaluation goes over the data once and in order, so the same samples are left out every "
        "time, and the number belongs to another data set than the one that is named."
    ),
    experiment=(
        "Add up the number of samples in all batches of one evaluation and compare it with the length of the data set."
    ),
    hints=(
        "How many samples does the last batch have, and is it there at all?",
        "Only a mean over batches needs batches of one size. A count of right answers does not.",
        "Look at the argument drop_last of torch.utils.data.DataLoader.",
    ),
)
def evaluation_incomplete(evidence: Evidence) -> Iterator[Sign]:
    """A loader that nothing was trained on went to its end without its last samples."""
    trace = evidence.trace
    assert trace is not None
    if not any(group.judged and not group.trained and not group.training for group in trace.forwards):
        return
    for loader in trace.loaders:
        samples, size = loader.samples or 0, loader.batch_size or 0
        if (
            loader.drops_last
            and loader.sequential
            and size
            and loader.finished
            and not loader.trained
            and samples % size
        ):
            yield sign(loader.line, missing=samples % size, samples=samples)
