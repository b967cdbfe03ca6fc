"""A file that defines `train`, graded in a real sandbox with its probe call."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.assembly import build_result
from grader.assessment import Options, take_in
from grader.model import Basis, Status
from grader.plugin_manager import all_checks, create_manager
from grader.result import Result, VerdictRecord, from_json, to_json

PLAIN = """# exercise: regression-loop
def train(model, train_loader, criterion, optimizer, num_epochs):
    for epoch in range(num_epochs):
        for inputs, targets in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(inputs), targets)
            loss.backward()
            optimizer.step()
"""
#: never clears in a probe call or anywhere, and lets the recorder see the first step only
CUT_OFF = """# exercise: regression-loop
from torch.optim import optimizer as internals

def train(model, train_loader, criterion, optimizer, num_epochs):
    for epoch in range(num_epochs):
        for inputs, targets in train_loader:
            loss = criterion(model(inputs), targets)
            loss.backward()
            optimizer.step()
            internals._global_optimizer_pre_hooks.clear()
            internals._global_optimizer_post_hooks.clear()
"""
SCRIPT = (
    PLAIN
    + """
from torch import nn, optim, randn
net = nn.Linear(10, 1)
data = [(randn(10, 10), randn(10, 1)) for _ in range(10)]
train(net, data, nn.MSELoss(), optim.SGD(net.parameters(), lr=0.01), 3)
"""
)


def grade(source: str, tmp_path: Path) -> Result:
    path = tmp_path / "submission.py"
    path.write_text(source)
    plugins = create_manager(third_party=False)
    assessment, _ = take_in(path, None, plugins, all_checks(plugins), Options())
    return build_result(assessment, assessment.grade())


def line(result: Result, name: str) -> VerdictRecord:
    return next(verdict for verdict in result.verdicts if verdict.id == name)


@pytest.mark.bubblewrap
def test_a_plain_loop_is_proved_by_its_weights(tmp_path: Path) -> None:
    """Full points, and the line of the training step rests on what was computed again."""
    result = grade(PLAIN, tmp_path)
    assert (result.score, line(result, "order").basis) == (10.0, Basis.RECOMPUTED)
    assert (result.replay["equal"], result.replay["bitwise"], result.replay["matches"]) == (True, True, [])
    assert from_json(to_json(result)).replay == result.replay


@pytest.mark.bubblewrap
def test_a_recorder_that_was_cut_off_earns_nothing_and_asks_for_review(tmp_path: Path) -> None:
    """The trace shows one clean step; its hooks are gone, and the weights name the mistake."""
    result = grade(CUT_OFF, tmp_path)
    assert "trace-inconsistent" in {finding.check for finding in result.findings}
    assert result.replay["matches"] == ["gradients-not-cleared"]
    assert (line(result, "order").status, line(result, "order").score) == (Status.SKIPPED, None)
    assert result.score is None and not result.passed


@pytest.mark.bubblewrap
def test_a_script_is_not_called_again(tmp_path: Path) -> None:
    """It trains by itself, with a model and data of its own."""
    result = grade(SCRIPT, tmp_path)
    assert (result.replay["equal"], result.replay["reason"]) == (None, "a-script")
    assert line(result, "order").basis is Basis.CLAIMED
