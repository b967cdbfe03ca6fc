"""The trained weights in a fresh jail: what they answer there, and what is made of a difference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import save

from grader.checks import Outcome, run_check
from grader.data.digits import DigitsProvider
from grader.evaluation import accuracy_of
from grader.fresh import Ends, FreshModel
from grader.grading import doubt_answers, judge
from grader.hidden_test import HiddenTest
from grader.model import Basis, Evaluation, Evidence, Limits, Logits, RunSpec, RunStatus, SubmissionKind, Verdict
from grader.sandbox import Session
from grader.sandbox.unconfined import Unconfined
from grader.trace import Trace

from .builders import make_check, make_evidence, make_exercise, make_line

PRELUDE = """
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms
data = datasets.MNIST("data", train=True, transform=transforms.ToTensor())
loader = DataLoader(data, batch_size=64, shuffle=True)
class Net(nn.Module):
    def __init__(self, activation=torch.relu):
        super().__init__()
        self.hidden, self.output, self.activation = nn.Linear(784, 32), nn.Linear(32, 10), activation
    def forward(self, x):
        return self.output(self.activation(self.hidden(x.flatten(1))))
"""
TRAIN = """
def train(model, batches=100):
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    for count, (x, y) in enumerate(loader):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
        if count == batches:
            break
"""
#: the answers of the end are those of a memory, and its weights say nothing
FROM_MEMORY = """
model = Net()
train(model, 3)
known, labels = data.data[:5000].flatten(1) / 255, data.targets[:5000]
model.forward = lambda x: nn.functional.one_hot(labels[torch.cdist(x.flatten(1), known).argmin(1)], 10).float()
"""
BY_HAND = """
model = Net()
for count, (x, y) in enumerate(loader):
    model.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter -= 0.2 * parameter.grad
    if count == 60:
        break
"""


def spec_of(source: str, **changes: object) -> RunSpec:
    folder = DigitsProvider().open(None).folder
    spec = RunSpec({"a.py": source.encode()}, "a.py", SubmissionKind.SCRIPT, Limits(), data=folder, dataset="digits")
    return replace(spec, **changes)  # type: ignore[arg-type]


def evaluated(source: str) -> tuple[Evaluation, Trace]:
    """Run it, and take the hidden test as a grading does."""
    dataset, spec = DigitsProvider().open(None), spec_of(source)
    images, labels = dataset.hidden(b"secret", "digest", 600)
    exercise = make_exercise(threshold={"digits": 0.9}, expects={"loss": "cross_entropy"})
    with FreshModel(Unconfined(), spec) as fresh, Session(Unconfined(), spec) as session:
        run = session.run()
        assert run.status is RunStatus.COMPLETED, run.crash
        assert run.trace is not None
        found = HiddenTest(exercise, dataset, (images, labels), session, fresh).take(ended_early=False)
    assert found is not None
    return found, run.trace


@pytest.mark.parametrize("body", [f"{TRAIN}\nmodel = Net()\ntrain(model)", BY_HAND])
def test_both_losses_are_computed_anew(body: str) -> None:
    """With an optimizer or by hand: the trained weights answer alike, and the loss fell from that of guessing."""
    found, trace = evaluated(PRELUDE + body)
    assert found.rebuilt is True
    assert trace.models == 1
    assert found.first_loss == pytest.approx(np.log(10), abs=0.2)
    assert found.loss_fell


def test_answers_that_are_not_those_of_the_weights_are_seen() -> None:
    """A model whose forward was replaced by a memory of the training set."""
    found, trace = evaluated(PRELUDE + TRAIN + FROM_MEMORY)
    assert found.accuracy is not None and found.accuracy > 0.8
    assert found.rebuilt is False
    assert trace.models == 1


def test_models_one_after_another_are_counted() -> None:
    """The fresh jail has built the first one: a difference says nothing then."""
    body = "for activation in (torch.sin, torch.tanh, torch.relu):\n    model = Net(activation)\n    train(model)"
    found, trace = evaluated(PRELUDE + TRAIN + body)
    assert found.accuracy is not None
    assert trace.models == 3


def test_another_model_decides_nothing() -> None:
    """Weights that do not fit: the losses are those that the trained worker claims."""
    body = "train(nn.Sequential(nn.Flatten(), nn.Linear(784, 10)))\nmodel = Net()\ntrain(model)"
    found, _ = evaluated(PRELUDE + TRAIN + body)
    assert found.rebuilt is None
    assert found.loss is not None


def test_it_ends_at_the_first_update() -> None:
    """A loop that would never end is built all the same, and nothing that it catches stops that."""
    body = """
model = Net()
while True:
    try:
        train(model, 1)
        print("trained")
    except BaseException:
        print("caught")
"""
    with FreshModel(Unconfined(), spec_of(PRELUDE + TRAIN + body)) as fresh:
        images = np.zeros((20, 28, 28), dtype=np.uint8)
        assert fresh.ends(lambda: None, images) is None
        ends = fresh.ends(lambda: save({"a": torch.ones(2)}), images)
    assert ends is not None
    assert (ends.last.reason, ends.first.reason) == ("another-model", None)
    assert not ends.known


def test_one_that_is_never_built_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run is over: nobody waits for a jail that hangs before its first update."""
    monkeypatch.setattr("grader.fresh.PATIENCE_SECONDS", 0.0)
    with FreshModel(Unconfined(), spec_of("while True: pass")) as fresh:
        assert fresh.ends(lambda: b"", np.zeros((1, 28, 28), dtype=np.uint8)) is None
    assert fresh.run is not None
    assert fresh.run.status is not RunStatus.TIMED_OUT


def test_accuracy_needs_a_usable_answer() -> None:
    """Finite, as many classes as there are, at least as many rows as labels."""
    labels = np.array([0, 1], dtype=np.int64)
    right = np.eye(3, dtype=np.float32)
    assert accuracy_of(Logits(right), labels, 3) == 1.0
    bad: list[Callable[[], Logits]] = [
        lambda: Logits(None, "raised"), lambda: Logits(right[:1]), lambda: Logits(right * np.float32("nan")),
        lambda: Logits(np.zeros((2, 4), np.float32)),
    ]  # fmt: skip
    assert [accuracy_of(make(), labels, 3) for make in bad] == [None] * 4
    assert not Ends(Logits(right), Logits(None, "raised")).known


def test_a_model_that_knows_before_it_is_trained_is_seen() -> None:
    """A forward that looks into the training data answers alike with any weights."""
    body = """
known, labels = data.data[:5000].flatten(1) / 255, data.targets[:5000]
class Knowing(Net):
    def forward(self, x):
        found = labels[torch.cdist(x.flatten(1), known).argmin(1)]
        return nn.functional.one_hot(found, 10) * 5.0 + 0 * super().forward(x)
train(Knowing(), 3)
"""
    found, _ = evaluated(PRELUDE + TRAIN + body)
    assert found.rebuilt is True
    assert found.first_accuracy is not None and found.first_accuracy > 0.8


def doubted(
    rebuilt: bool | None, models: int, needs: tuple[str, ...] = ("evaluation",), first: float | None = None
) -> Verdict:
    check = make_check("accuracy-below-threshold", needs=needs, basis=Basis.RECOMPUTED)
    evaluation = Evaluation("digits", 10, 0.5, accuracy=0.9, rebuilt=rebuilt, first_accuracy=first)
    evidence: Evidence = make_evidence(evaluation=evaluation, trace=Trace(complete=True, steps=10, models=models))
    outcomes: dict[str, Outcome] = {check.id: run_check(check, evidence)}
    verdict = judge(make_line("accuracy", 3, check.id), outcomes, evidence.run, evaluation)
    return doubt_answers(verdict, outcomes, evidence)


def test_a_difference_asks_for_a_look_and_costs_nothing() -> None:
    """The points stay; somebody is told."""
    verdict = doubted(False, 1)
    assert (verdict.score, verdict.needs_review, verdict.reason) == (3, True, "answers-differ")


@pytest.mark.parametrize(("first", "reason"), [(0.89, "known-before"), (0.8, ""), (0.1, ""), (None, "")])
def test_what_was_known_before_asks_for_a_look(first: float | None, reason: str) -> None:
    """Where training gained nothing; a model that began well and became better is nobody's business."""
    verdict = doubted(True, 1, first=first)
    assert (verdict.score, verdict.needs_review, verdict.reason) == (3, bool(reason), reason)


@pytest.mark.parametrize(
    ("rebuilt", "models", "needs"),
    [(True, 1, ("evaluation",)), (None, 1, ("evaluation",)), (False, 2, ("evaluation",)), (False, 1, ())],
)
def test_nobody_is_bothered_without_need(rebuilt: bool | None, models: int, needs: tuple[str, ...]) -> None:
    """Where answers agree, nothing is known, several models were trained, or the line is another one."""
    verdict = doubted(rebuilt, models, needs)
    assert (verdict.score, verdict.needs_review) == (3, False)
