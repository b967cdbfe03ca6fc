"""The mistakes that a model is surest of: small, the same each time, and never of a hidden image."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from grader.cli import main
from grader.data import PublicImages
from grader.data.digits import DigitsProvider
from grader.mistakes import IMAGES, KEPT, most_confident, probabilities, rows, sample
from grader.model import Logits
from grader.result import from_json


def images(count: int) -> np.ndarray:
    """Images that all differ: gray grows with the number."""
    return np.stack([np.full((28, 28), number % 256, dtype=np.uint8) for number in range(count)])


def logits_for(said: list[int], sure: list[float]) -> Logits:
    """Logits (n, 10) whose largest is at `said`, by `sure` above the rest."""
    values = np.zeros((len(said), 10), dtype=np.float32)
    values[np.arange(len(said)), said] = sure
    return Logits(values)


def test_the_surest_come_first_and_each_pair_once() -> None:
    """Right answers are no mistakes, and a pair of classes that was shown is not shown again."""
    labels = np.array([0, 1, 2, 1, 4])
    answers = logits_for([0, 7, 3, 7, 9], [9.0, 2.0, 5.0, 4.0, 1.0])
    found = most_confident(answers, (images(5), labels))
    assert [(item.shown, item.said) for item in found] == [(2, 3), (1, 7), (4, 9)]
    assert found[1].rows == rows(images(5)[3])
    assert 0.9 < found[0].confidence < 1


def test_no_more_than_six_are_kept() -> None:
    """The page stays small."""
    labels = np.arange(10)
    found = most_confident(logits_for([(label + 1) % 10 for label in labels], [3.0] * 10), (images(10), labels))
    assert len(found) == KEPT
    assert [item.shown for item in found] == list(range(KEPT))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_answer_that_says_nothing_shows_nothing(value: float) -> None:
    """No logits, not finite ones, or too few of them."""
    shown = (images(3), np.arange(3))
    broken = np.zeros((3, 10), dtype=np.float32)
    broken[1, 1] = value
    assert most_confident(Logits(broken), shown) == ()
    assert most_confident(Logits(None, "timed-out"), shown) == ()
    assert most_confident(Logits(np.zeros((2, 10), dtype=np.float32)), shown) == ()


def test_a_model_that_answers_with_probabilities_is_taken_at_its_word() -> None:
    """A softmax of a softmax would call it unsure; log-probabilities come out as they are, too."""
    sure = np.array([[0.9, 0.1, 0.0], [0.2, 0.3, 0.5]], dtype=np.float32)
    assert probabilities(sure) == pytest.approx(sure)
    assert probabilities(np.log(sure + 1e-9)) == pytest.approx(sure, abs=1e-6)
    assert probabilities(np.array([[1000.0, 0.0]], dtype=np.float32)) == pytest.approx(np.array([[1.0, 0.0]]))


def test_the_sample_is_spread_over_the_set() -> None:
    """Five hundred at most, from the first to near the last, the same each time."""
    chosen, labels = sample((images(2000), np.arange(2000)))
    assert len(chosen) == len(labels) == IMAGES
    assert labels[0] == 0 and labels[-1] > 1900
    assert len(sample((images(30), np.arange(30)))[0]) == 30


def test_grays_become_four_levels() -> None:
    """Black stays black and white stays white."""
    assert rows(np.array([[0, 63, 64, 128, 192, 255]], dtype=np.uint8)) == ("001233",)


def test_what_is_shown_is_public(tmp_path: Path) -> None:
    """A real run's digits are images of the public files, pixel for pixel; hidden ones are drawn anew."""
    script = tmp_path / "s.py"
    script.write_text(SCRIPT)
    out = tmp_path / "out"
    with pytest.raises(SystemExit):
        main(["--dataset", "digits", "--exercise", "mnist-mlp", "-f", "json", "-o", str(out), str(script)])
    result = from_json((out / "result.json").read_text())
    dataset = DigitsProvider().open(None)
    assert isinstance(dataset, PublicImages)
    public = {rows(image) for image in dataset.public()[0]}
    assert result.mistakes and len(json.dumps(result.mistakes[0].rows)) < 1000
    assert all(mistake.rows in public for mistake in result.mistakes)
    assert all(mistake.shown != mistake.said for mistake in result.mistakes)


SCRIPT = """
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

data = datasets.MNIST("data", train=True, transform=transforms.ToTensor())
loader = DataLoader(data, batch_size=64, shuffle=True)
model = nn.Sequential(nn.Flatten(), nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
for epoch in range(1):
    for images, labels in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(images), labels).backward()
        optimizer.step()
"""
