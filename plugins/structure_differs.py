"""The model is built in another way than the exercise asks for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from grader import Evidence, Operation, Severity, Sign, check, sign

#: operations that leave a network of linear layers linear
LINEAR = frozenset(
    (
        *("view", "reshape", "_unsafe_view", "flatten", "squeeze", "unsqueeze", "t", "transpose", "permute"),
        *("expand", "slice", "select", "narrow", "split", "cat", "stack", "as_strided", "alias"),
        *("detach", "clone", "contiguous", "copy", "_to_copy", "to", "add", "sub", "neg"),
        *("dropout", "native_dropout", "batch_norm", "native_batch_norm", "_native_batch_norm_legit"),
        *("_native_batch_norm_legit_no_training", "cudnn_batch_norm"),
    )
)


@check(
    group="structure",
    severity=Severity.ERROR,
    title="The network is not built as the exercise asks",
    message=(
        "Asked for: {asked}. Seen in a forward pass of your model ({line}): {seen}. The numbers are sizes; n "
        "is any size, and f is a function that is not linear."
    ),
    why=(
        "A hidden layer is a layer of weights followed by a function that is not linear. Two layers of "
        "weights with nothing between them are worth no more than one, and the sizes at both ends must fit "
        "the data and the classes."
    ),
    experiment=(
        "Give the model a single sample and print the shape after every layer. Then draw the network with "
        "these numbers and compare the drawing with the task."
    ),
    hints=(
        "How many layers with weights does one hidden layer need, counting the output layer?",
        "The first layer takes what a sample consists of; the last one gives one number for each answer.",
        "Compare the torch.nn.Linear layers in the model, and what stands between them, such as torch.relu.",
    ),
    explains=("accuracy-below-threshold",),
)
def structure_differs(evidence: Evidence) -> Iterator[Sign]:
    """The operations of one forward pass decide, not the names of classes; without them nothing is said."""
    trace = evidence.trace
    assert trace is not None
    hidden = evidence.expects("hidden_layers")
    if trace.model is None or not isinstance(hidden, int):
        return
    operations = trace.model.operations
    inputs, outputs = evidence.expects("inputs"), evidence.expects("outputs")
    if any(operation.weight for operation in operations) and not _agrees(operations, hidden, inputs, outputs):
        yield sign(trace.model.line, asked=_asked(hidden, inputs, outputs), seen=_seen(operations))


def _agrees(operations: Sequence[Operation], hidden: int, inputs: object, outputs: object) -> bool:
    places = [index for index, operation in enumerate(operations) if operation.weight]
    first, last = operations[places[0]], operations[places[-1]]
    return (
        len(places) == hidden + 1
        and (inputs is None or _takes(first, inputs))
        and (outputs is None or math.prod(last.shape) == outputs)
        and all(_bends(operations[left + 1 : right]) for left, right in pairwise(places))
    )


def _takes(operation: Operation, inputs: object) -> bool:
    """Whether the weights look at this many numbers: a matrix either way round, or a kernel over them all."""
    weight = operation.weight
    return inputs in weight if len(weight) <= 2 else math.prod(weight[1:]) == inputs


def _bends(between: Sequence[Operation]) -> bool:
    """Whether anything between two layers of weights is not linear; what is not known counts as such."""
    return any(operation.name not in LINEAR for operation in between)


def _asked(hidden: int, inputs: object, outputs: object) -> str:
    ends = ["n" if size is None else str(size) for size in (inputs, outputs)]
    return " → ".join([ends[0], *["n", "f"] * hidden, ends[1]])


def _seen(operations: Sequence[Operation]) -> str:
    """Sizes of the layers with weights in their order, and f where something bends between two of them."""
    places = [index for index, operation in enumerate(operations) if operation.weight]
    parts = [_input_size(operations[places[0]])]
    for place, following in zip(places, [*places[1:], None], strict=True):
        parts.append("×".join(map(str, operations[place].shape)) or "1")
        if following is not None and _bends(operations[place + 1 : following]):
            parts.append("f")
    return " → ".join(parts)


def _input_size(operation: Operation) -> str:
    """The size that a layer takes: what is left of its weights besides what it gives."""
    weight, given = operation.weight, operation.shape[-1] if operation.shape else 1
    if len(weight) > 2:
        return "×".join(map(str, weight[1:]))
    rest = list(weight)
    if given in rest:
        rest.remove(given)
    return str(rest[-1]) if rest else "1"
