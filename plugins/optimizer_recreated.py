"""The optimizer is made again and again during the training, and loses its memory each time."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, OptimizerFacts, Severity, Sign, Trace, check, sign

#: made anew once or twice is a second phase of the training
FEWEST = 2


@check(
    group="wiring",
    severity=Severity.WARNING,
    title="The optimizer is made anew during the training",
    message=(
        "{name} was made again {count} times over the same parameters ({line}) after it had taken steps. "
        "Steps that one of them took on average: {steps}."
    ),
    why=(
        "Adam and momentum remember the gradients of earlier steps and use them to choose the next one. An "
        "optimizer that has just been made remembers nothing, so its first steps are as rough as the very "
        "first one of the training, time after time."
    ),
    experiment=("Print the length of the optimizer's state at the beginning of each epoch. When does it go back to 0?"),
    hints=(
        "How often does the line run that makes the optimizer, and how often should it?",
        "What belongs to the whole training is made once, before the loop; the loop only uses it.",
        "Look at where torch.optim.Adam or torch.optim.SGD is called; to change only the rate, see "
        "torch.optim.lr_scheduler.StepLR.",
    ),
)
def optimizer_recreated(evidence: Evidence) -> Iterator[Sign]:
    """Optimizers with a memory, from one line, over the same parameters, each for an epoch at most.

    Weights that are put back, or other data, begin another task; longer lives are restarts on purpose.
    """
    trace = evidence.trace
    assert trace is not None
    if trace.happenings.restored.count or sum(loader.trained > 0 for loader in trace.loaders) > 1:
        return
    for optimizer in trace.optimizers:
        if optimizer.remade >= FEWEST and _short_lives(optimizer, trace):
            steps = round(optimizer.remade_steps / optimizer.remade, 1)
            yield sign(optimizer.line, count=optimizer.remade, name=optimizer.name, steps=steps)
            return


def _short_lives(optimizer: OptimizerFacts, trace: Trace) -> bool:
    longest = max([1, *(epoch.steps for epoch in trace.epochs)])
    return optimizer.remade_steps <= longest * optimizer.remade
