"""Inputs and targets that the loss met, against the batches that they came in."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.utils.data import TensorDataset

from grader.trace import PairFacts

from .evidence import say, trace_evidence
from .recording import record, worker_package

INPUTS = torch.arange(64.0).reshape(16, 4).sin()
LABELS = torch.tensor([0, 1, 2, 1] * 4)
DATA = TensorDataset(INPUTS, LABELS)


def new_pairs() -> Any:
    worker_package()
    return importlib.import_module("gradeloop_worker.pairs").Pairs()


def verdict(inputs: Tensor, target: Tensor, *batches: object, dataset: object = DATA) -> dict[str, object]:
    """What is said of one forward of these inputs, after these batches have come."""
    pairs = new_pairs()
    pairs.started()
    for batch in batches or ([INPUTS, LABELS],):
        pairs.yielded(batch, dataset)
    pairs.entered(0, inputs)
    pairs.judged(0, target, 7)
    found: dict[str, object] = pairs.as_dict()
    return {name: found[name] for name in ("aligned", "shuffled", "other_batch")}


ALIGNED = {"aligned": 1, "shuffled": 0, "other_batch": 0}
SHUFFLED = {"aligned": 0, "shuffled": 1, "other_batch": 0}
OTHER = {"aligned": 0, "shuffled": 0, "other_batch": 1}
UNKNOWN = {"aligned": 0, "shuffled": 0, "other_batch": 0}
TURNED = torch.arange(16).flip(0)


@pytest.mark.parametrize(
    ("inputs", "target", "expected"),
    [
        (INPUTS, LABELS, ALIGNED),
        (INPUTS.flatten(1), LABELS.float().unsqueeze(1), ALIGNED),
        (INPUTS.reshape(16, 2, 2), torch.nn.functional.one_hot(LABELS), ALIGNED),
        (INPUTS[TURNED], LABELS[TURNED], ALIGNED),
        (INPUTS[TURNED], LABELS, SHUFFLED),
        (INPUTS, LABELS.roll(1), SHUFFLED),
        (INPUTS + 1, LABELS.roll(1), UNKNOWN),
        (INPUTS, torch.arange(16), UNKNOWN),
        (INPUTS, torch.zeros(16), UNKNOWN),
        (INPUTS, torch.softmax(INPUTS, 1), UNKNOWN),
        (INPUTS[:4], LABELS[:4], UNKNOWN),
    ],
)  # fmt: skip
def test_a_pair_is_looked_up_in_its_batch(inputs: Tensor, target: Tensor, expected: dict[str, int]) -> None:
    """In any shape and order; what comes from nowhere is not judged."""
    assert verdict(inputs, target) == expected


def test_the_labels_of_another_batch_are_known_as_such() -> None:
    """A batch before this one, or the other of two loaders."""
    before = [INPUTS - 3, LABELS.roll(2) + 4]
    assert verdict(INPUTS, before[1], before, [INPUTS, LABELS]) == OTHER
    assert verdict(before[0], before[1], before, [INPUTS, LABELS]) == ALIGNED


def test_a_dictionary_is_a_batch_too() -> None:
    """Its values are looked at in their order."""
    assert verdict(INPUTS[TURNED], LABELS, {"image": INPUTS, "label": LABELS}) == SHUFFLED


def test_a_single_column_of_inputs_is_not_taken_for_its_own_target() -> None:
    """Two loaders side by side, each with a column of numbers."""
    x, y = INPUTS[:, :1], INPUTS[:, 1:2]
    assert verdict(x, y, x, y) == UNKNOWN
    assert verdict(x, x, x) == ALIGNED


def test_a_second_loss_of_the_same_output_may_have_another_target() -> None:
    """Whichever of them comes first: the one that belongs to the input counts."""
    for targets in ((LABELS, LABELS[TURNED] + 0), (LABELS.roll(1), LABELS)):
        pairs = new_pairs()
        pairs.started()
        pairs.yielded([INPUTS, LABELS], DATA)
        pairs.entered(0, INPUTS)
        for target in targets:
            pairs.judged(0, target, 7)
        assert (pairs.as_dict()["looked"], pairs.as_dict()["aligned"]) == (1, 1)


def test_targets_of_many_origins_are_no_trouble() -> None:
    """Only the first of them are compared."""
    pairs = new_pairs()
    tables = [torch.stack([LABELS, LABELS + number]) for number in range(1, 41)]
    for number, table in enumerate(tables):
        pairs.entered(number, INPUTS)
        pairs.judged(number, table[0], 7)
    assert pairs.complete()["again"] == 0
    assert pairs.complete()["looked"] == 40


def test_an_array_in_another_order_is_the_same_origin() -> None:
    """As when inputs and targets are put in order anew for each epoch, each for itself."""
    pairs = new_pairs()
    for number, order in enumerate([range(len(LABELS)), reversed(range(len(LABELS)))]):
        table = torch.stack([LABELS[list(order)], LABELS])
        pairs.entered(number, INPUTS)
        pairs.judged(number, table[0], 7)
    assert pairs.complete()["again"] == len(LABELS)
    assert pairs.complete()["contradictions"] > 0


def test_looking_ends() -> None:
    """After so many batches of a pass, and after so many passes."""
    pairs = new_pairs()
    for _ in range(10):
        pairs.started()
        assert pairs.active
        for _ in range(41):
            pairs.yielded([INPUTS, LABELS], DATA)
        assert not pairs.active
    pairs.started()
    assert not pairs.active


@given(st.permutations(range(16)))
@settings(max_examples=50, deadline=None)
def test_any_common_order_is_right(order: list[int]) -> None:
    """Inputs and labels that are taken in one and the same order belong together."""
    assert verdict(INPUTS[order], LABELS[order]) == ALIGNED


def test_contradictions_are_counted_for_samples_that_come_again() -> None:
    """Against the share that unrelated labels would give."""
    worker_package()
    contradictions = importlib.import_module("gradeloop_worker.pairs").contradictions
    rows = [torch.tensor([1, 2, 3]), torch.tensor([3, 1, 5])]
    targets = [torch.tensor([0.0, 1.0, 0.0]), torch.tensor([0.0, 1.0, 1.0])]
    assert contradictions(rows, targets) == (2, 1, 0.5)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (PairFacts(looked=10, shuffled=10, line=3), True),
        (PairFacts(looked=10, other_batch=6, aligned=4, line=3), True),
        (PairFacts(looked=10, shuffled=4, aligned=1), False),
        (PairFacts(looked=2, shuffled=2), False),
        (PairFacts(looked=10, again=100, contradictions=60, expected=0.67), True),
        (PairFacts(looked=10, again=100, contradictions=30, expected=0.67), False),
        (PairFacts(looked=10, again=100, contradictions=20, expected=0.2), False),
        (PairFacts(looked=10, again=10, contradictions=10, expected=0.9), False),
    ],
)
def test_what_is_enough_for_a_warning(facts: PairFacts, said: bool) -> None:
    """Most of all batches, or as many contradictions as there would be by chance."""
    found = say(trace_evidence(steps=10, pairs=facts), "labels-misaligned")
    assert [one.check for one in found] == (["labels-misaligned"] if said else [])


def test_inputs_of_half_precision_are_looked_at() -> None:
    """Two bytes a number are as good as four."""
    source = """
        import torch
        from torch.utils.data import DataLoader, TensorDataset
        data = TensorDataset(torch.randn(64, 4).bfloat16(), torch.randint(0, 3, (64,)))
        model = torch.nn.Linear(4, 3).bfloat16()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        for x, y in DataLoader(data, batch_size=16, shuffle=True):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
        """
    trace, crash = record(source)
    assert crash is None and trace.problem == ""
    assert (trace.pairs.looked, trace.pairs.aligned) == (4, 4)
