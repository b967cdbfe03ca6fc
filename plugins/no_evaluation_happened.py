"""The exercise asks for an evaluation, and there was none."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Severity, Sign, check, sign


@check(
    group="evaluation",
    severity=Severity.ERROR,
    title="The model is trained and never evaluated",
    message=(
        "The exercise asks for an evaluation on validation data. Forward passes outside of the training in "
        "the whole run: 0; training passes: {count}."
    ),
    why=(
        "The training loss says how well the model fits what it has been shown. Whether it will do as well "
        "with something new is seen only on data that takes no part in the training, and best after every "
        "epoch."
    ),
    experiment=(
        "After the last epoch, take one batch that was not used for training, and count by hand how many of "
        "the model's answers are right."
    ),
    hints=(
        "Which data has been kept apart for this, and where in the program is it used?",
        "An evaluation is a loop like the one of the training, without the lines that change the model.",
        "It needs torch.nn.Module.eval, torch.no_grad, torch.argmax, and torch.nn.Module.train when it is over.",
    ),
    needs=("trace", "completed"),
)
def no_evaluation_happened(evidence: Evidence) -> Iterator[Sign]:
    """No forward pass that could be an evaluation, however it is done, where the exercise asks for one."""
    trace = evidence.trace
    assert trace is not None
    other = [group for group in trace.forwards if not group.trained]
    if evidence.exercise.asks_for("no-evaluation-happened") and trace.forwards and not other:
        yield sign(count=sum(group.calls for group in trace.forwards))
