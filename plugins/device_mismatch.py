"""An operation met tensors on different devices."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Basis, Blame, Evidence, RunStatus, Severity, Sign, check, sign

#: how torch says it, by the kind of operation
WORDS = (
    "to be on the same device",
    "is not on the expected device",
    "should be the same or input should be a MKLDNN tensor",
    "and weight type (torch.",
    "device type tensor to numpy",
)


@check(
    group="device",
    severity=Severity.ERROR,
    title="Tensors on different devices meet in one operation",
    message="The program stopped ({line}) because a tensor was on another device than expected: {reason}.",
    why=(
        "An operation takes place on one device, and all tensors that go into it must be there. PyTorch moves "
        "nothing by itself, because copying is slow and should be seen in the code. When the model has been moved "
        "and a batch has not, or the other way round, the first layer cannot compute anything."
    ),
    experiment=(
        "Just before the marked line, print the attribute device of every tensor in it and of the model's first "
        "parameter. Which one is elsewhere?"
    ),
    hints=(
        "Which things were moved: the model, the inputs, the targets? And was the result of moving kept?",
        "A module moves itself. A tensor does not: it returns a moved copy and stays where it was.",
        "Compare torch.nn.Module.to and torch.Tensor.to.",
    ),
    needs=(),
    basis=Basis.MEASURED,
    explains=("crashed",),
)
def device_mismatch(evidence: Evidence) -> Iterator[Sign]:
    """The exception that ended the run is one of those with which torch refuses to mix devices."""
    run = evidence.run
    if run.status is not RunStatus.CRASHED or run.crash is None or run.blame in (Blame.GRADER, Blame.EXERCISE):
        return
    if run.crash.type in ("RuntimeError", "TypeError") and any(words in run.crash.message for words in WORDS):
        yield sign(run.crash.line, reason=run.crash.message.rstrip("!.").splitlines()[0])
