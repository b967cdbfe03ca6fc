"""The model is judged while dropout and batch normalisation still behave as in training."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, ForwardGroup, Severity, Sign, Trace, check, sign


@check(
    group="mode",
    severity=Severity.ERROR,
    title="The model is evaluated in training mode",
    message=(
        "In {count} of {of} forward passes of the evaluation ({line}) the model was in training mode. Layers "
        "of it that behave differently then: {layers}."
    ),
    why=(
        "In training mode dropout switches off random units, and batch normalisation uses the batch at hand "
        "and learns from it. The accuracy comes out too low and is another one each time. Without such "
        "layers the mode changes nothing yet."
    ),
    experiment=(
        "Evaluate the same batch twice in a row and compare the outputs. If they differ although no weight "
        "has changed, something is still random."
    ),
    hints=(
        "How does the model know whether it is being trained or tested?",
        "The mode is a switch on the model. It stays as it is until somebody turns it, and switching "
        "gradients off does not turn it.",
        "Look at torch.nn.Module.eval and torch.nn.Module.train, and at what they do without parentheses.",
    ),
)
def evaluation_in_train_mode(evidence: Evidence) -> Iterator[Sign]:
    """Most evaluation forwards in training mode; a note where no layer cares and the exercise asks for it."""
    trace = evidence.trace
    assert trace is not None
    evaluations = [group for group in trace.forwards if _evaluates(group, trace)]
    wrong = [group for group in evaluations if group.training and (group.modal_training or not group.modal)]
    count, of = sum(group.calls for group in wrong), sum(group.calls for group in evaluations)
    if 2 * count <= of:
        return
    worst = max(wrong, key=lambda group: group.modal_training)
    if worst.modal_training:
        yield sign(worst.line, count=count, of=of, layers=worst.modal_training)
    elif evidence.exercise.asks_for("no-evaluation-happened"):
        yield sign(worst.line, count=count, of=of, layers=0, severity=Severity.NOTE)


def _evaluates(group: ForwardGroup, trace: Trace) -> bool:
    """A forward whose result was judged and not trained on.

    With gradients tracked it may be a training forward whose backward pass never came (skipped, missing):
    such a line is left alone, and so is the accuracy of the current batch inside the training loop.
    """
    if group.trained or not group.judged or not group.updated:
        return False
    trained = [other for other in trace.forwards if other.trained]
    if group.grad_enabled and (not trained or group.line in {other.line for other in trained}):
        return False
    steps = sum(other.calls for other in trained)
    beside = 10 * group.calls >= 9 * steps and group.compared > 0
    return not (beside and 50 * group.also_trained > 49 * group.compared)
