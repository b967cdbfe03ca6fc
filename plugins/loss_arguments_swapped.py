"""The target stands where the prediction belongs."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Severity, Sign, check, sign

#: here the order decides what is computed; kl_div is used in both orders on purpose
ORDERED = ("cross_entropy", "nll_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits")
#: here both orders give the same value and the same gradient
SYMMETRIC = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")


@check(
    group="loss",
    severity=Severity.ERROR,
    title="Prediction and target have changed places in the loss",
    message=(
        "In {count} of {of} calls that were looked at, {function} ({line}) received the output of the model "
        "as its target, and something without a gradient as its input."
    ),
    why=(
        "The loss treats its two arguments differently: it takes the logarithm of the first, and weighs it "
        "with the second. In the wrong order it measures something else, or stops with an error about types. "
        "For mean squared error the order makes no difference."
    ),
    experiment=(
        "Print requires_grad of both arguments just before the loss. Which of the two comes from the model, "
        "and which place does it stand in?"
    ),
    hints=(
        "Which of the two arguments can the training change, and where does the loss expect it?",
        "The names of the parameters in the documentation, input and target, say which is which.",
        "Read the signature of torch.nn.functional.cross_entropy, or of the loss that you use.",
    ),
    explains=("accuracy-below-threshold", "crashed", "loss-not-decreasing"),
    needs=("loss",),
)
def loss_arguments_swapped(evidence: Evidence) -> Iterator[Sign]:
    """The target requires a gradient and the input does not; a note where the order changes nothing."""
    trace = evidence.trace
    assert trace is not None
    for call in sorted(trace.loss_calls, key=lambda call: call.function in SYMMETRIC):
        if call.function in (*ORDERED, *SYMMETRIC) and call.mostly(call.swapped):
            harmless = Severity.NOTE if call.function in SYMMETRIC else None
            yield sign(call.line, count=call.swapped, of=call.looked, severity=harmless, function=call.function)
            return
