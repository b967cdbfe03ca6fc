"""The model is trained with data that was set aside for testing it."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Severity, Sign, check, sign


@check(
    group="data",
    severity=Severity.ERROR,
    title="The model is trained on the test data",
    message=("{count} of {of} training batches came from the data set that was made with train=False ({line})."),
    why=(
        "Test data is kept apart to show what the model does with samples that it has never met. Once it has been "
        "trained on them, their accuracy says only how well it remembers. No data is left that could tell whether "
        "it has learned anything of use."
    ),
    experiment=(
        "Print the attribute train of the data set behind each loader, and the length of each data set. Which one "
        "does the loop with the optimizer go over?"
    ),
    hints=(
        "Which loader does the training loop read, and which data set is behind it?",
        "Names such as data or loader are easily mixed up. The part for training is the larger one.",
        "Look at the argument train of torchvision.datasets.MNIST, and at torch.utils.data.random_split for a "
        "third part.",
    ),
    explains=("accuracy-below-threshold", "evaluated-on-training-data"),
)
def training_on_test_data(evidence: Evidence) -> Iterator[Sign]:
    """Half of the training or more, or several passes of it, went over held-out data.

    A last pass over everything, once the evaluation is over, is no such thing.
    """
    trace = evidence.trace
    assert trace is not None
    total = sum(loader.trained for loader in trace.loaders)
    held_out = [loader for loader in trace.loaders if loader.held_out and loader.trained]
    count = sum(loader.trained for loader in held_out)
    if count and (2 * count >= total or any(loader.trained_passes > 1 for loader in held_out)):
        yield sign(max(held_out, key=lambda loader: loader.trained).line, count=count, of=total)
