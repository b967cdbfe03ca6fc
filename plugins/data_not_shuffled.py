"""The training data comes in the same order in every epoch."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, LoaderFacts, Severity, Sign, Trace, check, sign

#: with fewer batches the order says little
FEWEST_BATCHES = 8
#: labels that were looked at, and the share of neighbours that differ in data that is sorted by class
FEWEST_LABELS = 32
SORTED_SHARE = 0.125


@check(
    group="data",
    severity=Severity.WARNING,
    title="The training data is not shuffled",
    message=(
        "In all {passes} passes ({line}) the {batches} batches came in the order of the data set. Of {labels} labels "
        "in a row that were looked at, {changes} differed from the one before."
    ),
    why=(
        "With a fixed order the same samples always share a batch, and when the data is sorted, a batch may hold a "
        "single class. The model then runs after whichever class came last and undoes what it has learned of the "
        "others."
    ),
    experiment=(
        "Print the labels of the first batch in two epochs. Are they the same? How many different classes are "
        "among them?"
    ),
    hints=(
        "In which order does the data lie in the file or folder that it came from?",
        "A new random order for each epoch makes every batch a small picture of the whole. For an evaluation the "
        "order does not matter.",
        "Look at the argument shuffle of torch.utils.data.DataLoader.",
    ),
    explains=("accuracy-below-threshold", "loss-not-decreasing"),
)
def data_not_shuffled(evidence: Evidence) -> Iterator[Sign]:
    """A classifier that steps many times in each of several passes of fixed order.

    Sorted classes do harm for certain. Other data may have an order for a reason, or come shuffled already: a note,
    unless the exercise gives the data.
    """
    trace = evidence.trace
    assert trace is not None
    if not any(call.classes > 1 and call.with_graph for call in trace.loss_calls) or _is_recurrent(trace):
        return
    for loader in trace.loaders:
        many = loader.most_trained >= FEWEST_BATCHES and loader.trained_passes > 1
        if many and loader.sequential and not loader.held_out and 2 * trace.steps > loader.trained:
            severe = _is_sorted(loader) or evidence.exercise.dataset is not None
            yield sign(
                loader.line,
                severity=None if severe else Severity.NOTE,
                passes=loader.trained_passes,
                batches=loader.batches,
                labels=loader.labels,
                changes=loader.label_changes,
            )


def _is_sorted(loader: LoaderFacts) -> bool:
    return loader.labels >= FEWEST_LABELS and loader.label_changes < SORTED_SHARE * loader.labels


def _is_recurrent(trace: Trace) -> bool:
    """Order in time is the matter itself."""
    operations = trace.model.operations if trace.model is not None else ()
    return any(operation.name in ("lstm", "gru", "rnn_tanh", "mkldnn_rnn_layer") for operation in operations)
