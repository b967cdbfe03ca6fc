"""The accuracy that a function returns is not that of its model's answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate

from grader import (
    AnsweredPass,
    Evidence,
    Returned,
    Series,
    Severity,
    Sign,
    Trace,
    check,
    decimals,
    fits,
    plain_values,
    sign,
    speaks_of,
)

ACCURACY = ("acc", "exact", "aciert")
TRAINING = ("train", "entren", "tr_")
HELD_OUT = ("val", "test", "eval", "prueba")
#: functions that are there to evaluate may return an accuracy without a name
EVALUATING = ("eval", "val", "test", "acc", "prueba", "exact", "prec")
#: differences in accuracy, 0 to 1: of the last digits, worth a remark only, and of numbers that nobody computed
TOLERANCE, SLIGHT, FAR = 1e-4, 0.02, 0.03
ALIKE = 3

Computations = Iterator[tuple[str, str, list[float]]]


@check(
    group="evaluation",
    severity=Severity.WARNING,
    title="The returned accuracy is not that of the model's answers",
    message=(
        "{function}() returned {reported} as an accuracy ({line}); in that pass over the data {right} of {samples} "
        "answers were right, which is {computed}. {count} of {of} returned numbers fit this computation: {formula}."
    ),
    why=(
        "An accuracy is the number of right answers divided by the number of answers. Everything that is decided "
        "with it, such as when to stop and which model to keep, is decided wrongly when the number counts "
        "something else."
    ),
    experiment=(
        "Evaluate on three batches of known size and count the right answers by hand. Which number should come out, "
        "and which does?"
    ),
    hints=(
        "What is counted in the numerator, and how many of the same things are there altogether?",
        "Answers are counted one by one; batches are another unit, and they may differ in size. Each evaluation "
        "begins to count at zero.",
        "Compare len(loader) with len(loader.dataset), and see what Tensor.sum gives for a comparison.",
    ),
)
def reported_accuracy_differs(evidence: Evidence) -> Iterator[Sign]:
    """Numbers that fit a known wrong computation and no pass over the data. Unknown ones are left alone."""
    trace = evidence.trace
    assert trace is not None
    evaluated = [item for item in trace.answers if not item.trained]
    if any(item.unclear for item in evaluated):
        return
    for returned in trace.returned:
        for series in returned.series:
            values = plain_values(series)
            if not values or not _may_be_accuracy(returned, series) or _is_right(values, _truths(series, trace)):
                continue
            found = next(_judgements(returned, series, values, trace), None)
            if found is not None:
                yield found
                return


def _may_be_accuracy(returned: Returned, series: Series) -> bool:
    if speaks_of(series.name, *ACCURACY) or series.name.lower() in HELD_OUT:
        return True
    places = [part for part in series.name.split(".") if part]
    if not all(part.isdigit() for part in places):
        return False
    return places[-1:] not in ([], ["0"]) or (not places and speaks_of(returned.function, *EVALUATING))


def _truths(series: Series, trace: Trace) -> list[float]:
    """The accuracies of all passes; what is called one on held-out data is not counted in training."""
    held_out = speaks_of(series.name, *HELD_OUT) and not speaks_of(series.name, *TRAINING)
    return [item.correct / item.samples for item in trace.answers if item.samples and not (held_out and item.trained)]


def _is_right(values: Sequence[float], truths: Sequence[float]) -> bool:
    """Whether each number is the accuracy of some pass over some loader, as a fraction or in percent."""
    return any(
        all(any(abs(value - scale * truth) <= _slack(values, scale) for truth in truths) for value in values)
        for scale in (1, 100)
    )


def _slack(values: Sequence[float], scale: int) -> float:
    digits = decimals(values)
    return max(TOLERANCE * scale, 0.0 if digits is None or (scale == 1 and not digits) else 0.51 * 10.0**-digits)


def _judgements(returned: Returned, series: Series, values: Sequence[float], trace: Trace) -> Iterator[Sign]:
    """The first known computation that gives these numbers, for any loader; else numbers that nobody computed."""
    named = speaks_of(series.name, *ACCURACY)
    trained = speaks_of(series.name, *TRAINING)
    groups = [group for group in _groups(trace, trained) if len(group) >= len(values)]
    for group in groups:
        for passes in _aligned(group, len(values)):
            for cause, formula, computed in _computations(passes, trace, named):
                for scale in (1, 100):
                    if fits(values, [scale * number for number in computed]):
                        yield _sign(returned, values, passes, cause, formula, scale)
    if speaks_of(series.name, *HELD_OUT) and not trained:
        yield from _of_training(returned, values, trace)
    counted = [item for item in trace.answers if item.trained == trained and item.samples]
    if named and counted and _is_invented(values, trace):
        shown = ", ".join(f"{value:g}" for value in values[:4]) + (", …" if len(values) > 4 else "")
        scale = 100 if max(values) > 1 else 1
        yield _sign(returned, values[-1:], counted[-1:], "not-computed", f"[{shown}]", scale)


def _groups(trace: Trace, trained: bool) -> list[list[AnsweredPass]]:
    """Passes that can be counted, those over the same loader together."""
    groups: dict[int, list[AnsweredPass]] = {}
    for item in trace.answers:
        if item.trained == trained and item.samples and item.batches and not item.unclear:
            groups.setdefault(item.group, []).append(item)
    return list(groups.values())


def _aligned(group: list[AnsweredPass], length: int) -> Iterator[list[AnsweredPass]]:
    """Which passes the numbers may belong to: one of them, the last ones, the first ones, or every second."""
    if length == 1:
        yield from ([item] for item in reversed(group))
        return
    yield group[-length:]
    if len(group) > length:
        yield group[:length]
        if len(group) % length == 0:
            yield group[len(group) // length - 1 :: len(group) // length]


def _computations(passes: Sequence[AnsweredPass], trace: Trace, named: bool) -> Computations:
    """Ways to get an accuracy wrong: a name, the formula in the words of a program, and what it gives."""
    right = [item.correct for item in passes]
    yield "batch-means", "sum(batch_accuracies) / len(loader)", [item.shares / item.batches for item in passes]
    yield "divided-by-batches", "correct / len(loader)", [item.correct / item.batches for item in passes]
    sizes = {item.size for item in trace.answers if item.size} - {item.samples for item in passes}
    for size in sorted(sizes):
        yield "divided-by-other-data", "correct / len(other_dataset)", [count / size for count in right]
    if len(passes) > 1:
        totals = zip(accumulate(right), passes, strict=True)
        yield "cumulative", "correct[epoch 1 … n] / len(dataset)", [total / item.samples for total, item in totals]
    yield "last-batch", "batch_accuracies[-1]", [item.last for item in passes]
    if named:
        yield "not-divided", "correct", [float(count) for count in right]
        yield "not-divided", "sum(batch_accuracies)", [item.shares for item in passes]
        yield "error-rate", "1 - correct / len(dataset)", [1 - item.correct / item.samples for item in passes]


def _sign(returned: Returned, values: Sequence[float], passes: Sequence[AnsweredPass], cause: str, formula: str,
          scale: int) -> Sign:  # fmt: skip
    truths = [scale * item.correct / item.samples for item in passes]
    place = max(range(len(values)), key=lambda index: abs(values[index] - truths[index]))
    slight = cause == "batch-means" and abs(values[place] - truths[place]) < SLIGHT * scale
    return sign(
        returned.line,
        count=len(values),
        of=len(values),
        severity=Severity.NOTE if slight else None,
        measured={"cause": cause},
        function=returned.function,
        reported=values[place],
        computed=truths[place],
        right=passes[place].correct,
        samples=passes[place].samples,
        formula=formula,
    )


def _of_training(returned: Returned, values: Sequence[float], trace: Trace) -> Iterator[Sign]:
    """What is called an accuracy on held-out data was counted in the batches of the training."""
    for group in _groups(trace, trained=True):
        passes = group[-len(values) :]
        for scale in (1, 100):
            if fits(values, [scale * item.correct / item.samples for item in passes]):
                yield _sign(returned, values, passes, "training-data", "train_accuracy", scale)


def _is_invented(values: Sequence[float], trace: Trace) -> bool:
    """Round numbers, or always the same one, none of them near any pass; and nothing was evaluated past the loaders."""
    truths = [item.correct / item.samples for item in trace.answers if item.samples]
    counted = sum(item.samples for item in trace.answers if not item.trained)
    judged = sum(group.samples for group in trace.forwards if group.judged and not group.trained and group.updated)
    if judged > counted or not 0 <= min(values) <= max(values) <= 100 or len(values) < 2:
        return False
    scale = 100 if max(values) > 1 else 1
    digits = decimals(values)
    round_ones = digits is not None and digits <= (1 if scale == 100 else 2)
    alike = len(values) >= ALIKE and len(set(values)) == 1
    far = all(abs(value / scale - truth) > FAR for value in values for truth in truths)
    return (round_ones or alike) and far
