"""Inputs meet the targets of other inputs."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Severity, Sign, check, sign

#: batches, and the share of all that were looked at
FEWEST_BATCHES, SHARE = 3, 0.5
#: samples that came again, the chance of differing that is enough to tell, and how near to it
FEWEST_SAMPLES, LEAST_CHANCE, NEAR = 20, 0.3, 0.8


@check(
    group="data",
    severity=Severity.WARNING,
    title="Inputs and targets do not belong together",
    message=(
        "In {count} of {of} cases that were looked at, the loss ({line}) compared the output for an input with the "
        "target of another one."
    ),
    why=(
        "A model can only learn what inputs and targets have to do with each other. When they are put into order "
        "apart, the targets are as good as drawn by lot: the loss stays near that of guessing, or the model learns "
        "pairs by heart that mean nothing."
    ),
    experiment=(
        "Show one input of the batch just before the loss, and look up its target where the data came from. Is it the "
        "same?"
    ),
    hints=(
        "Through which lines do the inputs go on their way to the loss, and which do the targets go through?",
        "A random order has to be drawn once and used for both, and both have to come from the same batch.",
        "Look at what torch.utils.data.TensorDataset keeps together, and at every torch.randperm and shuffle.",
    ),
    explains=(
        "accuracy-below-threshold",
        "loss-not-decreasing",
        "same-batch-every-step",
        "updates-differ",
    ),
)
def labels_misaligned(evidence: Evidence) -> Iterator[Sign]:
    """Most batches met the targets of others, or samples met other targets in another epoch as often as by chance.

    Targets that no loader and no array gave (drawn, mixed, guessed by a model) are not counted.
    """
    trace = evidence.trace
    assert trace is not None
    pairs = trace.pairs
    apart = pairs.shuffled + pairs.other_batch
    if apart >= FEWEST_BATCHES and apart >= SHARE * pairs.looked:
        yield sign(pairs.line, count=apart, of=pairs.looked)
    elif (
        pairs.again >= FEWEST_SAMPLES
        and pairs.expected > LEAST_CHANCE
        and pairs.contradictions >= NEAR * pairs.expected * pairs.again
    ):
        yield sign(pairs.again_line, count=pairs.contradictions, of=pairs.again)
