"""The course's own two programs earn full marks as they stand, and lose the right line when broken."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

COURSE = Path(__file__).resolve().parent.parent.parent / "shared" / "course"
GRADE = Path(sys.executable).with_name("grade")
CLEAR = "        optimizer.zero_grad()\n"
BACKWARD = "        loss.backward()\n"
STEP = "        optimizer.step()\n"

pytestmark = pytest.mark.course


def without_clearing(source: str) -> str:
    return source.replace(CLEAR, "")


def step_before_backward(source: str) -> str:
    return source.replace(STEP, "").replace(BACKWARD, STEP + BACKWARD)


def clearing_in_between(source: str) -> str:
    return source.replace(CLEAR, "").replace(BACKWARD, BACKWARD + CLEAR)


def softmax_first(source: str) -> str:
    return source.replace("outputs = model(inputs)", "outputs = torch.softmax(model(inputs), dim=1)")


MISTAKES = [
    (without_clearing, "order", "gradients-not-cleared", "loss.backward()"),
    (step_before_backward, "order", "step-before-backward", "optimizer.step()"),
    (clearing_in_between, "order", "gradients-cleared-before-step", "optimizer.zero_grad()"),
    (softmax_first, "loss", "softmax-before-cross-entropy", "loss = criterion(outputs, targets)"),
]


def grade(script: Path, *options: str) -> dict[str, Any]:
    """Run the command as a user does; result.json from stdout, and nothing else there."""
    done = subprocess.run(
        [GRADE, "-f", "json", "--out", script.parent / "out", *options, script],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode in (0, 1), done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def copied(folder: Path, name: str, change: Callable[[str], str] = lambda source: source) -> Path:
    source = (COURSE / name).read_text()
    path = folder / name
    path.write_text(change(source))
    return path


def verdict(result: dict[str, Any], line: str) -> dict[str, Any]:
    [found] = [item for item in result["verdicts"] if item["id"] == line]
    assert isinstance(found, dict)
    return found


@pytest.mark.mnist
def test_the_mnist_solution_earns_full_marks(tmp_path: Path, mnist_root: Path) -> None:
    """On real MNIST, five epochs, as it stands: no finding above a note."""
    result = grade(copied(tmp_path, "mnist_solution.py"), "--data-root", str(mnist_root))
    assert result["exercise"]["id"] == "mnist-mlp"
    assert result["run"]["dataset"] == "mnist"
    assert (result["score"], result["run"]["steps"], result["run"]["epochs"]) == (10, 4690, 5)
    assert {finding["severity"] for finding in result["findings"]} <= {"note"}


def test_the_regression_example_earns_full_marks(tmp_path: Path) -> None:
    """Random targets: any fall of the loss counts."""
    result = grade(copied(tmp_path, "regression_example.py"))
    assert result["exercise"]["id"] == "regression-loop"
    assert (result["score"], result["run"]["steps"]) == (10, 200)
    assert {finding["severity"] for finding in result["findings"]} <= {"note"}


@pytest.mark.mnist
@pytest.mark.parametrize(
    ("change", "line", "check", "text"), MISTAKES, ids=lambda value: getattr(value, "__name__", "")
)
def test_a_broken_mnist_solution_loses_its_line(
    tmp_path: Path, mnist_root: Path, change: Callable[[str], str], line: str, check: str, text: str
) -> None:
    """The mistake is named first, with the student's own line, and costs the points of that line."""
    script = copied(
        tmp_path,
        "mnist_solution.py",
        lambda source: change(source).replace("num_epochs = 5", "num_epochs = 1"),
    )
    result = grade(script, "--data-root", str(mnist_root))
    assert verdict(result, line)["score"] == 0
    assert (result["findings"][0]["check"], result["findings"][0]["where"]["text"]) == (check, text)


@pytest.mark.parametrize(
    ("change", "line", "check", "text"), MISTAKES[:3], ids=lambda value: getattr(value, "__name__", "")
)
def test_a_broken_regression_example_loses_its_line(
    tmp_path: Path, change: Callable[[str], str], line: str, check: str, text: str
) -> None:
    """The same mistakes in the first example."""
    result = grade(copied(tmp_path, "regression_example.py", change))
    assert verdict(result, line)["score"] == 0
    assert (result["findings"][0]["check"], result["findings"][0]["where"]["text"]) == (check, text)
