"""A run that is asked after its first steps whether the rest can still change a point."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from grader import sign
from grader.early import FirstSteps, is_decided
from grader.grading import GATE, close
from grader.model import (
    Basis,
    Finding,
    Limits,
    Run,
    RunSpec,
    RunStatus,
    Severity,
    Status,
    SubmissionKind,
    Verdict,
)
from grader.result import Result, from_json
from grader.sandbox import Session
from grader.sandbox.unconfined import Unconfined
from grader.trace import Trace

from .builders import make_check, make_exercise, make_line, make_submission

GRADE = Path(sys.executable).with_name("grade")
ROOT = Path(__file__).resolve().parent.parent
LOOP = """# exercise: gated
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

inputs = torch.randn(600, 10)
loader = DataLoader(TensorDataset(inputs, inputs.sum(1, keepdim=True)), batch_size=4, shuffle=True)
model = nn.Sequential(nn.Linear(10, 50), nn.ReLU(), nn.Linear(50, 1))
criterion = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for epoch in range(5):
    print("epoch", epoch)
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
print("the end")
"""
BROKEN = LOOP.replace("        optimizer.zero_grad()\n", "")


def run(enough: bool, seen: list[Trace]) -> Run:
    spec = RunSpec({"a.py": LOOP.encode()}, "a.py", SubmissionKind.SCRIPT, Limits(), checkpoint=True)

    def ask(trace: Trace) -> bool:
        seen.append(trace)
        return enough

    with Session(Unconfined(), spec) as session:
        return session.run(enough=ask)


def test_it_ends_where_nothing_more_is_wanted() -> None:
    """After the first step of the first epoch that comes after 400 steps; no exception is raised in the code."""
    seen: list[Trace] = []
    found = run(True, seen)
    assert (found.status, found.blame, found.stopped_early) == (RunStatus.COMPLETED, None, 400)
    assert found.stdout.text == "epoch 0\nepoch 1\nepoch 2\n"
    assert found.trace is not None
    assert [trace.steps for trace in seen] == [400] == [found.trace.steps]


def test_it_goes_on_where_more_is_wanted() -> None:
    """Asked once, it comes to its own end, with the trace of a run that was never asked."""
    seen: list[Trace] = []
    found = run(False, seen)
    assert (found.stopped_early, len(seen)) == (None, 1)
    assert found.stdout.text.endswith("the end\n")
    spec = RunSpec({"a.py": LOOP.encode()}, "a.py", SubmissionKind.SCRIPT, Limits())
    with Session(Unconfined(), spec) as session:
        assert session.run().trace == found.trace


def error(check: str, **measured: float) -> Finding:
    return Finding(check, Severity.ERROR, measured=dict(measured))


ORDER, LOSS, FREE = make_line("order", 3, "a"), make_line("loss", 2, "b"), make_line("free", 0, "c")


@pytest.mark.parametrize(
    ("lines", "errors", "decided"),
    [
        ([replace(ORDER, gate=True), LOSS], [error("a")], True),
        ([replace(ORDER, gate=True), LOSS], [error("b")], False),
        ([replace(ORDER, gate=True), LOSS], [error("a", earned=0.5)], False),
        ([ORDER, LOSS], [error("a")], False),
        ([ORDER, LOSS, FREE], [error("a"), error("b")], True),
        ([FREE], [], False),
    ],
)
def test_when_every_point_is_decided(lines: list[object], errors: list[Finding], decided: bool) -> None:
    """A gate that is closed, or every line with points lost; a share that is left keeps the run going."""
    assert is_decided(make_exercise(lines), errors) is decided  # type: ignore[arg-type]


def test_only_what_no_later_step_takes_back_is_asked(tmp_path: Path) -> None:
    """Checks of the whole run, of the model or of other groups say nothing yet; a test of the exercise's may."""
    changes: dict[str, dict[str, object]] = {
        "a": {"group": "order"}, "b": {"group": "order", "needs": ("trace", "completed")},
        "c": {"group": "data"}, "d": {"group": "loss", "severity": Severity.WARNING},
    }  # fmt: skip
    always = {slug: make_check(slug, sign(1), **changed) for slug, changed in changes.items()}
    told: list[Finding] = []
    exercise = make_exercise([make_line("order", 3, "a", gate=True)], directory=tmp_path)
    first = FirstSteps(make_submission(), exercise, always, told.append)
    assert first.decide_all(Trace(steps=400))
    assert [finding.check for finding in told] == ["a"]
    (tmp_path / "test_own.py").touch()
    assert not first.decide_all(Trace(steps=400))


def test_a_closed_gate_takes_every_point_but_hides_no_failure_of_ours() -> None:
    """What failed stays failed; what passed or was open is skipped with 0."""
    verdict = Verdict("loss", Status.PASSED, 2.0, 2.0, Basis.CLAIMED, ())
    assert close(verdict) == replace(verdict, status=Status.SKIPPED, score=0.0, reason=GATE)
    assert close(replace(verdict, status=Status.FAILED, score=0.0)).status is Status.FAILED
    broken = replace(verdict, status=Status.ERROR, score=None)
    assert close(broken) == broken


@pytest.fixture
def gated(tmp_path: Path) -> Path:
    """The regression exercise with a gate."""
    folder = Path(shutil.copytree(ROOT / "exercises" / "regression-loop", tmp_path / "gated"))
    text = (folder / "exercise.toml").read_text()
    text = text.replace('id = "regression-loop"', 'id = "gated"').replace(
        "[rubric.order]", "[rubric.order]\ngate = true"
    )
    (folder / "exercise.toml").write_text(text)
    return folder


def graded(source: str, gated: Path, *options: str) -> tuple[Result, str, str]:
    script = gated.parent / "loop.py"
    script.write_text(source)
    command = [GRADE, "--exercise", gated, "--out", gated.parent / "out", *options, script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode in (0, 1), done.stderr
    return from_json((gated.parent / "out" / "result.json").read_text()), done.stdout, done.stderr


def test_a_loop_that_the_rubric_cannot_forgive_is_ended(gated: Path) -> None:
    """No points, the same finding as ever, and sentences that say what was run and why a line does not count."""
    result, said, progress = graded(BROKEN, gated)
    assert (result.score, result.run.stopped_early, result.run.quick) == (0.0, 400, False)
    assert result.findings[0].check == "gradients-not-cleared"
    assert {verdict.reason for verdict in result.verdicts if verdict.id != "order"} == {GATE}
    assert "The run was ended after 400 steps" in said
    assert "ended early by the grader" in said
    assert "not counted" in said
    assert "so far: Each batch's gradients are added" in progress
    again, _, silent = graded(BROKEN, gated, "--quiet")
    assert json.loads(again.run.stdout.splitlines()[-1].split()[-1]) == 2
    assert (again.run.stopped_early, silent) == (400, "")


def test_a_right_loop_is_run_whole(gated: Path) -> None:
    """The gate is open: all points, to the end."""
    result, _, progress = graded(LOOP, gated)
    assert (result.score, result.run.stopped_early) == (result.max_score, None)
    assert result.run.stdout.endswith("the end\n")
    assert "so far" not in progress


def test_a_gate_is_true_or_false(gated: Path) -> None:
    """Anything else names file, key and choices."""
    path = gated / "exercise.toml"
    path.write_text(path.read_text().replace("gate = true", 'gate = "yes"'))
    script = gated.parent / "loop.py"
    script.write_text(LOOP)
    done = subprocess.run([GRADE, "--exercise", gated, script], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "rubric.order.gate" in done.stderr and "true or false" in done.stderr
