"""The model is tested with the very samples that it was trained on."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Severity, Sign, Trace, check, sign

#: fewer samples than this may have met by chance
FEWEST_SAMPLES = 20
SHARE = 0.98


@check(
    group="evaluation",
    severity=Severity.WARNING,
    title="The model is tested with the data it was trained on",
    message=(
        "Of {of} evaluated samples that were compared, {count} had been used in training before ({line}). No "
        "other data was evaluated."
    ),
    why=(
        "A model can learn its training data by heart. The accuracy on it is therefore always a little, and "
        "sometimes much, better than on new data, and it cannot show when the model begins to memorise."
    ),
    experiment=(
        "Print the length of both data sets, and compare the first sample of one with the first samples of the other."
    ),
    hints=(
        "Where does the data of the evaluation come from, and which samples has the model not seen?",
        "Data sets are delivered in parts; one part is set aside before the training begins.",
        "Look at the argument train of torchvision.datasets.MNIST, or at torch.utils.data.random_split.",
    ),
)
def evaluated_on_training_data(evidence: Evidence) -> Iterator[Sign]:
    """Nearly all evaluated samples were trained on; a note where no evaluation on other data is asked for."""
    trace = evidence.trace
    assert trace is not None
    groups = [group for group in trace.forwards if not group.trained and group.judged]
    compared = sum(group.compared for group in groups)
    seen = sum(group.also_trained for group in groups)
    if compared >= FEWEST_SAMPLES and seen > SHARE * compared and not _several_models(trace):
        line = max(groups, key=lambda group: group.also_trained).line
        severity = None if evidence.exercise.asks_for("no-evaluation-happened") else Severity.NOTE
        yield sign(line, count=seen, of=compared, severity=severity)


def _several_models(trace: Trace) -> bool:
    """Models of their own optimizers, trained on the same line: each may not have seen what another has."""
    places = [(group.line, group.training, group.grad_enabled) for group in trace.forwards if group.trained]
    stepped = sum(optimizer.steps > 0 for optimizer in trace.optimizers)
    return stepped > 1 and len(set(places)) < len(places)
