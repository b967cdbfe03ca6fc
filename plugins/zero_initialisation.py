"""All weights begin with the same value, and the units of a layer stay copies of each other."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Severity, Sign, check, sign

#: one layer alone may begin with zeros
FEWEST_MATRICES = 2


@check(
    group="wiring",
    severity=Severity.ERROR,
    title="All weights begin with one and the same value",
    message=(
        "Each of the {count} weight matrices of the model ({line}) began as one value everywhere. At the end, "
        "in {of} of them all units were still equal to each other."
    ),
    why=(
        "Units of a layer that begin alike compute the same, get the same gradient and stay alike for ever: a "
        "hundred of them are worth no more than one. With zeros everywhere the hidden layers do not even get "
        "a gradient. Random numbers break this tie."
    ),
    experiment=(
        "After the training, print the first two rows of the first layer's weight next to each other. How do "
        "they differ?"
    ),
    hints=(
        "What distinguishes one hidden unit from the next before the first step?",
        "Biases may begin with zeros, and so may a single last layer; the weights of hidden layers may not.",
        "Read about torch.nn.init.kaiming_uniform_ and torch.nn.init.xavier_uniform_, and what torch.nn.Linear does "
        "by itself.",
    ),
    explains=("accuracy-below-threshold", "initial-loss-far-off", "learning-rate-extreme", "loss-not-decreasing"),
    needs=("trace", "completed"),
)
def zero_initialisation(evidence: Evidence) -> Iterator[Sign]:
    """Several layers, all constant at first, all but the last with equal rows at the end."""
    trace = evidence.trace
    assert trace is not None
    model = trace.model
    if model is None or model.matrices < FEWEST_MATRICES:
        return
    if model.constant_matrices == model.matrices and model.equal_rows >= model.matrices - 1:
        yield sign(model.line, count=model.matrices, of=model.equal_rows)
