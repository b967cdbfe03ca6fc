"""The outputs of the last layer pass an activation that cuts off everything negative."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Severity, Sign, check, sign

#: operations that let nothing negative through, and what to call them
NON_NEGATIVE = {
    "ReluBackward0": "ReLU",
    "SigmoidBackward0": "Sigmoid",
    "SoftplusBackward0": "Softplus",
    "HardtanhBackward0": "ReLU6",
    "HardsigmoidBackward0": "Hardsigmoid",
}


@check(
    group="loss",
    severity=Severity.ERROR,
    title="An activation cuts off the outputs before the loss",
    message=(
        "In {count} of {of} calls that were looked at, the values that went into the loss ({line}) came "
        "straight out of {activation}, and none of them was negative."
    ),
    why=(
        "The loss works on logits, and a logit may be any number: a negative one says that a class is "
        "unlikely. If nothing negative comes through, the model can say that only by making the other "
        "classes larger, and outputs that are cut to 0 receive no gradient."
    ),
    experiment=(
        "Print the outputs of the model for one batch and count the zeros among them. What would the model "
        "have said there?"
    ),
    hints=(
        "Between which layers is an activation needed, and what comes after the last one?",
        "Activations stand between layers. The outputs go into the loss as they are.",
        "Look at the last line of forward(), or the last entry of torch.nn.Sequential, and read about the "
        "input of torch.nn.CrossEntropyLoss.",
    ),
    explains=("accuracy-below-threshold", "loss-not-decreasing"),
)
def activation_on_logits(evidence: Evidence) -> Iterator[Sign]:
    """Both the values and the operation say so: logits that happen to be positive are fine."""
    trace = evidence.trace
    assert trace is not None
    for call in trace.loss_calls:
        on_logits = call.function in ("cross_entropy", "binary_cross_entropy_with_logits")
        own_check = call.function != "cross_entropy" and call.producer == "SigmoidBackward0"
        if not on_logits or own_check or not call.with_graph or call.producer not in NON_NEGATIVE:
            continue
        if call.mostly(call.producer_count) and call.mostly(call.non_negative):
            activation = NON_NEGATIVE[call.producer]
            yield sign(call.line, count=call.producer_count, of=call.looked, activation=activation)
            return
