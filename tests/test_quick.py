"""`--quick`: a run that ends once the order of a step and the first losses are known, and says so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from grader.model import Limits, Run, RunSpec, RunStatus, SubmissionKind
from grader.result import Result, from_json
from grader.sandbox import Session
from grader.sandbox.unconfined import Unconfined

GRADE = Path(sys.executable).with_name("grade")
LOOP = """# exercise: regression-loop
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

inputs = torch.randn(600, 10)
loader = DataLoader(TensorDataset(inputs, inputs.sum(1, keepdim=True)), batch_size=4, shuffle=True)
model = nn.Sequential(nn.Linear(10, 50), nn.ReLU(), nn.Linear(50, 1))
criterion = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for epoch in range(EPOCHS):
    print("epoch", epoch)
    for x, y in loader:
        try:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
        except BaseException:
            print("caught")
print("the end")
"""


def run(source: str, *, quick: bool) -> Run:
    spec = RunSpec({"submission.py": source.encode()}, "submission.py", SubmissionKind.SCRIPT, Limits(), quick=quick)
    with Session(Unconfined(), spec) as session:
        return session.run()


def graded(source: str, folder: Path, *options: str) -> tuple[Result, int, str]:
    (folder / "loop.py").write_text(source)
    command = [GRADE, "--quiet", *options, "--out", folder / "out", folder / "loop.py"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    result = from_json((folder / "out" / "result.json").read_text())
    return result, done.returncode, done.stdout


def test_it_ends_in_a_later_epoch_without_an_exception() -> None:
    """Nothing is raised in the student's code; the trace is that of a run that has not come to its end."""
    found = run(LOOP.replace("EPOCHS", "100000"), quick=True)
    assert (found.status, found.blame, found.stopped_early) == (RunStatus.COMPLETED, None, 400)
    assert found.stdout.text == "epoch 0\nepoch 1\nepoch 2\n"
    assert found.trace is not None
    assert not found.trace.complete
    assert found.trace.steps == 400
    assert found.trace.model is not None


def test_a_short_loop_comes_to_its_own_end() -> None:
    """Fewer steps than it takes to know: the whole run is watched."""
    found = run(LOOP.replace("EPOCHS", "2"), quick=True)
    assert (found.status, found.stopped_early) == (RunStatus.COMPLETED, None)
    assert found.stdout.text.endswith("the end\n")


@pytest.mark.parametrize(
    ("line", "finding"),
    [("", None), ("optimizer.zero_grad()", "gradients-not-cleared"), ("loss.backward()", "missing-backward")],
)
def test_the_order_is_judged_as_in_a_whole_run(tmp_path: Path, line: str, finding: str | None) -> None:
    """The same finding first, the lines that need a whole run apart, and a sentence that says what was run."""
    source = LOOP.replace("EPOCHS", "5").replace(line, "pass", 1 if line else 0)
    whole, whole_code, _ = graded(source, tmp_path)
    quick, quick_code, said = graded(source, tmp_path, "--quick")
    assert [item.check for item in quick.findings][:1] == [item.check for item in whole.findings][:1]
    assert (quick.findings[0].check if quick.findings else None) == finding
    assert (quick.run.quick, whole.run.quick) == (True, False)
    assert quick.id != whole.id
    assert "A quick run" in said
    assert (whole_code, quick_code) == ((0, 0) if finding is None else (1, 1))
