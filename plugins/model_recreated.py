"""The model is made anew in the training loop, and training starts over each time."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Severity, Sign, Trace, check, sign

#: fewer models may be two experiments in one program
FEWEST = 3


@check(
    group="wiring",
    severity=Severity.ERROR,
    title="The model is made anew inside the training loop",
    message=(
        "{count} models were trained one after another ({line}), each for at most {updates} updates, and all "
        "but the last were thrown away."
    ),
    why=(
        "What a model has learned is in its weights. A line that makes the model again replaces them with "
        "random ones, so each turn of the loop starts from nothing. The model at the end has seen no more than "
        "its own last turn."
    ),
    experiment=(
        "Print the sum of one layer's weights at the beginning of each turn. Does it go on from where the turn "
        "before ended?"
    ),
    hints=(
        "Which lines inside the loop make something that the next turn should go on with?",
        "The model and its optimizer live through the whole training, so both are made before the first turn.",
        "Look at where your class is called, or torch.nn.Sequential, and at the indentation of that line.",
    ),
    explains=("accuracy-below-threshold", "loss-not-decreasing", "optimizer-recreated"),
    needs=("trace", "completed"),
)
def model_recreated(evidence: Evidence) -> Iterator[Sign]:
    """Many models of one kind and size that lived for one update each, or for one epoch and were never tried out.

    Folds, repeated runs and searches try each model out, set a seed, or differ in their data, rates or weights.
    """
    trace = evidence.trace
    assert trace is not None
    if trace.happenings.loaded.count + trace.happenings.restored.count + trace.happenings.reseeded.count:
        return
    for remodel in trace.remodels:
        single = remodel.updates == 1
        if remodel.models >= FEWEST and (single or (_one_epoch_each(trace, remodel.updates) and not _compares(trace))):
            yield sign(remodel.line, count=remodel.models, updates=remodel.updates)
            return


def _one_epoch_each(trace: Trace, updates: int) -> bool:
    return len(trace.epochs) >= FEWEST and updates <= max(epoch.steps for epoch in trace.epochs)


def _compares(trace: Trace) -> bool:
    """Several models were tried out after their training, or were trained on other data or in other ways.

    Where an optimizer was made for a first model and never stepped, that one was meant to be trained, and the others
    took its place.
    """
    meant = any(not optimizer.steps for optimizer in trace.optimizers)
    tried = [group for group in trace.forwards if not group.trained and group.updated]
    rates = {optimizer.rates.largest for optimizer in trace.optimizers if optimizer.steps}
    return (len(tried) > 1 and not meant) or len(rates) > 1 or sum(loader.trained > 0 for loader in trace.loaders) > 1
