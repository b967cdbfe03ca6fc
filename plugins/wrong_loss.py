"""The loss does not fit the task."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, LossCall, Severity, Sign, Trace, check, sign


@check(
    group="loss",
    severity=Severity.ERROR,
    title="The loss function does not fit the task",
    message=(
        "The training loss is {function} ({line}), in {count} of {of} calls of a loss; its input has shape "
        "{input}. What fits this task: {expected}."
    ),
    why=(
        "Each loss asks a question of its own. Cross-entropy asks how much probability the right class "
        "receives; mean squared error asks how far a number is from another number. The model becomes good "
        "at what the loss asks, and at nothing else."
    ),
    experiment=(
        "Write down what the model puts out for one sample and what the target for it looks like: a class, "
        "or a measured number? Then look up which losses are made for this pair."
    ),
    hints=(
        "Does the task ask to choose one of several classes, or to predict a quantity?",
        "The task names the loss, or the kind of target suggests it.",
        "Compare torch.nn.CrossEntropyLoss and torch.nn.MSELoss: what do they say about the shapes of input "
        "and target?",
    ),
    explains=(
        "accuracy-below-threshold",
        "crashed",
        "initial-loss-far-off",
        "loss-not-decreasing",
        "loss-shape-broadcast",
        "unusable-answers",
    ),
    needs=("fitting-loss",),
)
def wrong_loss(evidence: Evidence) -> Iterator[Sign]:
    """A loss that cannot work for its own input, or another one than the exercise asks for."""
    trace = evidence.trace
    assert trace is not None
    trained = [call for call in trace.loss_calls if call.with_graph] or list(trace.refused_classes)
    total = sum(call.calls for call in trained)
    for call in trained:
        if fitting := _unfit(call, trace):
            yield _sign(call, total, fitting)
            return
    expected = _names(evidence.expects("loss"))
    if trained and expected and not any(_fits(call, expected) for call in trained):
        main = max(trained, key=lambda call: call.calls)
        yield _sign(main, total, " / ".join(expected))


def _sign(call: LossCall, total: int, expected: str) -> Sign:
    shape = str(call.input_shape)
    return sign(call.line, count=call.calls, of=total, function=call.function, input=shape, expected=expected)


def _names(expected: object) -> tuple[str, ...]:
    """What the exercise asks for, as names in torch.nn.functional."""
    if isinstance(expected, str):
        return (expected.replace("-", "_"),)
    if isinstance(expected, list | tuple):
        return tuple(str(name).replace("-", "_") for name in expected)
    return ()


def _unfit(call: LossCall, trace: Trace) -> str | None:
    """Which loss would fit, where this one cannot work: one class only, or classes taken for quantities."""
    columns = call.input_shape[1] if len(call.input_shape) == 2 else None
    if call.function == "cross_entropy" and (columns == 1 or _one_output_in_a_row(call, trace)):
        return "mse_loss / binary_cross_entropy_with_logits"
    return "cross_entropy" if call.squares_of_classes else None


def _one_output_in_a_row(call: LossCall, trace: Trace) -> bool:
    """A batch of single outputs in one row, which cross-entropy reads as the classes of one sample."""
    if len(call.input_shape) != 1 or call.input_shape[0] < 2 or "float" not in call.target_type:
        return False
    weighted = [operation for operation in trace.model.operations if operation.weight] if trace.model else []
    return bool(weighted) and weighted[-1].weight[0] == 1


def _fits(call: LossCall, expected: tuple[str, ...]) -> bool:
    """Whether this is the loss asked for, in whatever dress.

    On log-probabilities nll_loss is cross-entropy, and so is kl_div up to a constant. On anything else
    nll_loss is a mistake of its own, and another check names it.
    """
    if call.function in expected or (call.function == "cross_entropy" and "nll_loss" in expected):
        return True
    if "cross_entropy" in expected:
        return call.function == "nll_loss" or (
            call.function == "kl_div" and (call.mostly(call.log_probability_rows) or "Log" in call.producer)
        )
    return False
