"""Numbers that a function returns: how they are read, and when they count as the same as others."""

from __future__ import annotations

import importlib
import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.reported import agree, decimals, fits, speaks_of

from .evidence import say, trace_evidence
from .recording import run, worker_package

LOOP = """
def train(model, train_loader, val_loader, criterion, optimizer, num_epochs):
    losses, shares, counts = [], [], []
    for _ in range(num_epochs):
        total = 0.0
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(x)
        losses.append(total / 100)
        shares.append(sum((model(x).argmax(1) == y).sum().item() for x, y in val_loader) / 80)
    return {"loss": losses, "acc": shares, "last": loss}
"""


def series_of(value: object) -> list[tuple[str, list[float | None]]]:
    worker_package()
    found: Any = importlib.import_module("gradeloop_worker.returned").series_of(value)
    return list(found)


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (None, []),
        ("done", []),
        ([], []),
        (True, []),
        (0.5, [""]),
        ([1, 2.0, np.float32(3), torch.tensor(4.0)], [""]),
        (torch.tensor([1.0, 2.0]), [""]),
        (np.array([1.0, 2.0]), [""]),
        ((0.5, 0.9), ["", "0", "1"]),
        (([1.0, 2.0], [3.0, 4.0]), ["0", "1"]),
        ({"loss": [1.0], "model": object()}, ["loss"]),
        ({"train": {"loss": [1.0, 2.0]}}, ["train.loss"]),
        ([{"loss": 1.0, "acc": 2.0}, {"loss": 3.0, "acc": 4.0}], ["loss", "acc"]),
        ([(1.0, 2.0), (3.0, 4.0)], ["0", "1"]),
        ((object(), [1.0, 2.0]), ["1"]),
        ([float("nan"), 1.0], [""]),
    ],
)  # fmt: skip
def test_numbers_are_found_in_whatever_holds_them(value: object, names: list[str]) -> None:
    """Lists, tuples, dicts, arrays, records: each row of numbers under its name or place."""
    assert [name for name, _ in series_of(value)] == names


def test_what_is_not_finite_is_null() -> None:
    """The trace is JSON."""
    assert series_of([math.nan, 1.0, math.inf]) == [("", [None, 1.0, None])]


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=3) | st.builds(object),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4)
    | st.tuples(inner, inner),
    max_leaves=20,
)  # fmt: skip


@given(VALUES)
@settings(max_examples=200, deadline=None)
def test_any_value_is_read_without_an_error(value: object) -> None:
    """Whatever a function returns, what is kept of it is numbers and short names."""
    for name, numbers in series_of(value):
        assert len(name) <= 60 and all(number is None or math.isfinite(number) for number in numbers)


def test_a_value_that_contains_itself_ends() -> None:
    """The depth is bounded."""
    loop: list[object] = [1.0]
    loop.append(loop)
    assert series_of(loop)


@pytest.mark.parametrize(
    ("values", "digits"), [([0.5, 0.25], 2), ([1.0, 2.0], 0), ([0.123456], None), ([93.1], 1), ([0.1234], 4)]
)
def test_rounding_is_recognised(values: list[float], digits: int | None) -> None:
    """Up to four digits after the point."""
    assert decimals(values) == digits


def test_rounded_numbers_agree_with_what_they_were_rounded_from() -> None:
    """And with nothing further away."""
    assert agree([0.69, 0.42], [0.6931, 0.4159])
    assert not agree([0.69, 0.42], [0.6931, 0.4359])
    assert not agree([0.69], [0.69, 0.69])
    assert not agree([0.69], [None])


def test_coarse_numbers_fit_no_computation() -> None:
    """Rounded to one digit, a small number could be anything."""
    assert not fits([0.0, 0.0], [0.02, 0.01])
    assert fits([0.02134, 0.01023], [0.021341, 0.010229])


@pytest.mark.parametrize("name", ["val_acc", "valAcc", "acc", "Accuracy", "history.acc", "2.acc"])
def test_a_name_speaks_of_accuracy(name: str) -> None:
    """As a word of its own or the beginning of one."""
    assert speaks_of(name, "acc")
    assert not speaks_of("loss", "acc") and not speaks_of("tobacco", "acc")


def test_the_trace_tells_what_was_returned_and_what_was_right() -> None:
    """The returned numbers, the epochs' own, and how many answers of each pass agreed with the labels."""
    trace = run(LOOP, functions=["train"]).trace
    assert trace.problem == ""
    [returned] = trace.returned
    assert (returned.function, returned.line, returned.first, returned.epochs) == ("train", 14, 0, 4)
    named = {series.name: series.values for series in returned.series}
    assert set(named) == {"loss", "acc", "last"}
    assert named["loss"] == pytest.approx([epoch.loss for epoch in trace.epochs])
    assert [(epoch.batches, epoch.missing) for epoch in trace.epochs] == [(7, 0)] * 4
    evaluated = [item for item in trace.answers if not item.trained]
    assert named["acc"] == pytest.approx([item.correct / item.samples for item in evaluated])
    assert {(item.size, item.batches, item.unclear) for item in evaluated} == {(80, 3, False)}
    assert {(item.size, item.batches, item.group) for item in trace.answers if item.trained} == {(100, 7, 0)}


def test_nothing_is_counted_while_a_script_runs() -> None:
    """What a script prints is not judged, so its evaluations cost nothing more."""
    trace = run(LOOP + "\nimport torch\nfrom torch import nn\nprint(nn.Linear(2, 2)(torch.randn(3, 2)))").trace
    assert trace.returned == () and trace.answers == ()


@pytest.mark.parametrize("slug", ["reported-history-differs", "reported-accuracy-differs"])
def test_a_check_of_what_is_returned_says_nothing_without_it(slug: str) -> None:
    """A script returns nothing."""
    assert say(trace_evidence(steps=3), slug) == ()
