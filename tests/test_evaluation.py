"""Logits against labels that never entered a jail."""

from __future__ import annotations

import numpy as np
import pytest

from grader.evaluation import compare, with_losses
from grader.model import Evaluation, Logits

LABELS = np.array([0, 1, 2, 1], dtype=np.int64)


def judge(values: np.ndarray | None, reason: str | None = None) -> Evaluation:
    return compare(Logits(values, reason), LABELS, dataset="digits", threshold=0.9, classes=3)


def test_accuracy_is_the_share_of_the_largest_logit_that_is_right() -> None:
    """And the confusion table has a row for each true class."""
    values = np.eye(3, dtype=np.float32)[[0, 1, 2, 2]]
    evaluation = judge(values)
    assert evaluation.accuracy == 0.75
    assert evaluation.confusion == ((1, 0, 0), (0, 1, 1), (0, 0, 1))
    assert not evaluation.constant


def test_a_model_that_always_answers_the_same_is_seen() -> None:
    """Accuracy at chance, and the reason for it."""
    assert judge(np.tile(np.float32([0, 1, 0]), (4, 1))).constant


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_logits_that_are_not_finite_are_the_student_s(bad: float) -> None:
    """NaN never compares as large enough."""
    values = np.eye(3, dtype=np.float32)[[0, 1, 2, 1]]
    values[2, 0] = bad
    evaluation = judge(values)
    assert (evaluation.accuracy, evaluation.reason, evaluation.at_fault) == (None, "not-finite", True)


@pytest.mark.parametrize("shape", [(4, 2), (3, 3), (4,), (4, 3, 1)])
def test_logits_of_another_shape_are_not_compared(shape: tuple[int, ...]) -> None:
    """Neither broadcast nor cut."""
    evaluation = judge(np.zeros(shape, dtype=np.float32))
    assert (evaluation.reason, evaluation.at_fault) == ("wrong-shape", True)


@pytest.mark.parametrize(("reason", "at_fault"), [("raised", True), ("preprocessing-unknown", False)])
def test_a_reason_tells_whose_it_is(reason: str, at_fault: bool) -> None:
    """What the grader cannot follow is not held against anybody."""
    assert judge(None, reason).at_fault is at_fault


def losses(first: np.ndarray | None, last: np.ndarray) -> Evaluation:
    found = compare(Logits(last), LABELS, dataset="digits", threshold=0.9, classes=3)
    return with_losses(found, Logits(last), Logits(first, None if first is not None else "no-model"), LABELS[:2], 3)


def test_the_losses_are_those_of_the_same_images() -> None:
    """Of the first weights and of the last ones, on as many images as the first were asked about."""
    right = np.eye(3, dtype=np.float32)[[0, 1, 0, 0]] * 100
    found = losses(np.zeros((2, 3), np.float32), right)
    assert (found.first_loss, found.loss) == (pytest.approx(np.log(3), abs=1e-5), 0.0)
    assert found.loss_fell


def test_a_loss_that_is_worse_than_guessing_did_not_fall() -> None:
    """The first loss is a claim: a high one alone proves nothing."""
    wrong, worse = (np.roll(np.eye(3, dtype=np.float32)[LABELS], 1, axis=1) * scale for scale in (5, 50))
    found = losses(worse[:2], wrong)
    assert found.loss is not None and found.first_loss is not None
    assert np.log(3) < found.loss < found.first_loss
    assert not found.loss_fell


def test_without_the_first_weights_nothing_is_said_of_a_fall() -> None:
    """The last loss is known all the same."""
    found = losses(None, np.eye(3, dtype=np.float32)[LABELS])
    assert found.loss is not None
    assert (found.first_loss, found.loss_fell) == (None, False)
