"""The training losses that a function returns are not those of its training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from grader import (
    EpochFacts,
    Evidence,
    Returned,
    Series,
    Severity,
    Sign,
    Trace,
    agree,
    check,
    decimals,
    fits,
    plain_values,
    sign,
    speaks_of,
)

#: names of other things than the training loss; names that it may have
OTHERS = ("acc", "exact", "precis", "val", "test", "eval", "lr", "learn", "time", "tiempo")
LOSSES = ("loss", "perdida", "pérdida", "error", "coste", "cost", "hist")
TRAINING = ("train", "entren", "tr_")
#: a mean of means that is only so far off is worth a remark and no more
SLIGHT = 0.02
#: share of the passes that must have begun at a mean over a batch
SHARE = 0.9
#: numbers that were not computed: so many alike, or so far from the truth and rounded to so few digits
ALIKE, FAR, DIGITS = 3, 0.1, 2

Computations = Iterator[tuple[str, str, list[float]]]


@check(
    group="evaluation",
    severity=Severity.WARNING,
    title="The returned losses are not the mean losses of the epochs",
    message=(
        "{function}() returned {reported} for epoch {epoch} ({line}); the mean loss of that epoch's {samples} samples "
        "was {computed}. {count} of {of} returned numbers fit this computation: {formula}."
    ),
    why=(
        "A history of losses is read as the mean over all samples of an epoch. A wrong divisor, or a sum carried "
        "into the next epoch, gives a curve that looks plausible and cannot be compared with any other."
    ),
    experiment=(
        "Take an epoch of three batches and work out its mean by hand. Compare it with the number in the list."
    ),
    hints=(
        "What exactly does the loss function give for one batch: a sum over its samples, or their mean already?",
        "Batches may differ in size, so a mean of means needs weights; what is summed begins at zero in each epoch.",
        "Read about the argument reduction of torch.nn.CrossEntropyLoss, and find what Tensor.item is added to.",
    ),
)
def reported_history_differs(evidence: Evidence) -> Iterator[Sign]:
    """The numbers fit a known wrong computation and do not fit the right one. Whatever fits neither is left alone."""
    trace = evidence.trace
    assert trace is not None
    for returned in trace.returned:
        epochs = trace.epochs[returned.first : returned.first + returned.epochs]
        whole = len(epochs) == returned.epochs and all(one.loss is not None and not one.missing for one in epochs)
        series = _training_loss(returned)
        if not epochs or not whole or series is None or _is_right(returned, epochs):
            continue
        yield from _judge(returned, series, epochs, trace)


def _training_loss(returned: Returned) -> Series | None:
    """The series that is meant to be the training loss: by its name, else by its place."""
    rows = [item for item in returned.series if len(item.values) == returned.epochs and plain_values(item)]
    named = [item for item in rows if speaks_of(item.name, *LOSSES) and not speaks_of(item.name, *OTHERS)]
    trained = [item for item in named if speaks_of(item.name, *TRAINING)]
    placed = [item for item in rows if item.name in ("", "0", "train")]
    return next(iter([*trained, *named, *placed]), None)


def _is_right(returned: Returned, epochs: Sequence[EpochFacts]) -> bool:
    """Whether anything that was returned is the mean over the samples of each epoch, or of all epochs so far."""
    means = [one.loss or 0.0 for one in epochs]
    totals = accumulate((one.loss or 0.0) * one.samples for one in epochs)
    running = [total / count for total, count in zip(totals, accumulate(one.samples for one in epochs), strict=True)]
    return any(agree(plain_values(item), truth) for item in returned.series for truth in (means, running))


def _judge(returned: Returned, series: Series, epochs: Sequence[EpochFacts], trace: Trace) -> Iterator[Sign]:
    values = plain_values(series)
    means = [one.loss or 0.0 for one in epochs]
    for cause, formula, computed in _computations(epochs, trace):
        if fits(values, computed):
            worst = max(range(len(means)), key=lambda place: _distance(values[place], means[place]))
            slight = cause == "batch-means" and _distance(values[worst], means[worst]) < SLIGHT
            yield _sign(returned, values, epochs, worst, cause, formula, Severity.NOTE if slight else None)
            return
    if _is_invented(series, values, means, trace):
        worst = max(range(len(means)), key=lambda place: _distance(values[place], means[place]))
        literal = ", ".join(f"{value:g}" for value in values[:4]) + (", …" if len(values) > 4 else "")
        yield _sign(returned, values, epochs, worst, "not-computed", f"[{literal}]", None)


def _sign(returned: Returned, values: Sequence[float], epochs: Sequence[EpochFacts], place: int, cause: str,
          formula: str, severity: Severity | None) -> Sign:  # fmt: skip
    return sign(
        returned.line,
        count=len(values),
        of=len(values),
        severity=severity,
        measured={"cause": cause},
        function=returned.function,
        epoch=place + 1,
        reported=values[place],
        computed=epochs[place].loss,
        samples=epochs[place].samples,
        formula=formula,
    )


def _computations(epochs: Sequence[EpochFacts], trace: Trace) -> Computations:
    """Ways to get such numbers wrong: a name, the formula in the words of a program, and what it gives."""
    sums = [one.batch_sum or 0.0 for one in epochs]
    weighted = [(one.loss or 0.0) * one.samples for one in epochs]
    batches, samples = [one.batches for one in epochs], [one.samples for one in epochs]
    if trace.backwards.bare >= SHARE * trace.backwards.total:
        yield "batch-means", "sum(losses) / len(loader)", _over(sums, batches)
        yield "divided-by-samples", "sum(losses) / len(dataset)", _over(sums, samples)
        for size in sorted({loader.samples for loader in trace.loaders if loader.samples and loader.trained}):
            yield "divided-by-samples", "sum(losses) / len(dataset)", [total / size for total in sums]
        for size in sorted({loader.batch_size for loader in trace.loaders if loader.batch_size and loader.trained}):
            yield "divided-by-batch-size", "sum(losses) / batch_size", [total / size for total in sums]
        yield "not-divided", "sum(losses)", sums
        yield "weighted-by-batches", "sum(loss * len(batch)) / len(loader)", _over(weighted, batches)
        yield "not-divided", "sum(loss * len(batch))", weighted
    if len(epochs) > 1:
        carried, carried_weighted = list(accumulate(sums)), list(accumulate(weighted))
        yield "cumulative", "sum(losses[epoch 1 … n]) / len(loader)", _over(carried, batches)
        yield "cumulative", "sum(loss * len(batch) [epoch 1 … n]) / len(dataset)", _over(carried_weighted, samples)
        yield "cumulative", "sum(losses[epoch 1 … n]) / len(dataset)", _over(carried, samples)
        yield "cumulative", "sum(losses[epoch 1 … n])", carried
    if all(one.last is not None for one in epochs):
        yield "last-batch", "losses[-1]", [one.last or 0.0 for one in epochs]


def _over(totals: Sequence[float], divisors: Sequence[int]) -> list[float]:
    return [total / max(1, divisor) for total, divisor in zip(totals, divisors, strict=True)]


def _distance(value: float, truth: float) -> float:
    return abs(value - truth) / max(abs(truth), 1e-12)


def _is_invented(series: Series, values: Sequence[float], means: Sequence[float], trace: Trace) -> bool:
    """The same number again and again although the loss changed, or round numbers that only fall, far from the truth.

    A list without a name may hold another thing, and a loss may be measured again after an epoch.
    """
    named = speaks_of(series.name, *LOSSES)
    changed = max(means) - min(means) > FAR / 2 * max(map(abs, means))
    rates = [optimizer.rates.largest for optimizer in trace.optimizers]
    if len(values) >= ALIKE and len(set(values)) == 1 and changed:
        return named or values[0] == 0 or (decimals(values) != 0 and values[0] not in rates)
    digits = decimals(values)
    measured_again = any(group.judged and not group.trained and group.updated for group in trace.forwards)
    falls = all(later < before for before, later in pairwise(values))
    if len(values) < 2 or digits is None or digits > DIGITS or not falls or measured_again:
        return False
    return (named or digits > 0) and all(_distance(*pair) > FAR for pair in zip(values, means, strict=True))
