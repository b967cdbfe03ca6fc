"""A file is read in the way that may run code from it."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Severity, Sign, check, sign


@check(
    group="integrity",
    severity=Severity.NOTE,
    title="A file is loaded in the way that can run code from it",
    message="{count} times a file was loaded ({line}) with the protection against code in files switched off.",
    why=(
        "The files of torch.save are pickles, and a pickle can call any function while it is read. A file from "
        "somebody else can therefore do whatever your program may do. PyTorch reads only tensors and plain "
        "values unless it is told otherwise, and this is enough for weights."
    ),
    experiment=(
        "Save the state_dict of the model instead of the model itself, and load it without any further "
        "argument. What is missing?"
    ),
    hints=(
        "Where does the file come from, and who could have changed it?",
        "Weights are tensors with names: these load safely, and the class of the model is in your program anyway.",
        "Read about weights_only in torch.load, and about torch.nn.Module.load_state_dict.",
    ),
    needs=("recording",),
)
def unsafe_load(evidence: Evidence) -> Iterator[Sign]:
    """Only where the protection was switched off by name."""
    trace = evidence.trace
    assert trace is not None
    unsafe = trace.happenings.unsafe
    if unsafe.count:
        yield sign(unsafe.line, count=unsafe.count)
