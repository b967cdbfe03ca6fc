"""Correct programs in every dress earn full marks: inside main(), in a class, as functions, as a notebook."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SUBMISSIONS = Path(__file__).resolve().parent / "submissions"
REFERENCE = SUBMISSIONS.parent.parent / "reference"
GRADE = Path(sys.executable).with_name("grade")


def grade(path: Path, folder: Path, *options: str) -> dict[str, Any]:
    command = [GRADE, "--dataset", "digits", "-f", "json", "--quiet", "--out", folder / "out", *options, path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode in (0, 1), done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def problems(result: dict[str, Any]) -> list[str]:
    return [item["check"] for item in result["findings"] if item["severity"] != "note"]


DRESSES = ("in_main.py", "in_a_trainer.py", "renamed.py", "functions.py", "with_helpers")


@pytest.mark.parametrize("name", [f"mnist-mlp/{name}" for name in DRESSES])
def test_the_mnist_exercise_in_every_dress(name: str, tmp_path: Path) -> None:
    """Where the model lives and what things are called decides nothing."""
    result = grade(SUBMISSIONS / name, tmp_path, "--exercise", "mnist-mlp")
    assert (result["score"], problems(result)) == (10, [])


@pytest.mark.parametrize("name", ["in_main.py", "functions.py"])
def test_the_regression_exercise_in_every_dress(name: str, tmp_path: Path) -> None:
    """Batches by hand, a loss by hand; or functions that get everything."""
    result = grade(SUBMISSIONS / "regression-loop" / name, tmp_path)
    assert (result["score"], problems(result)) == (10, [])


@pytest.mark.parametrize("name", ["mnist_mlp", "evaluation_loop", "regression_loop"])
def test_the_reference_earns_everything(name: str, tmp_path: Path) -> None:
    """Each exercise's own solution, as it is shown."""
    result = grade(REFERENCE / f"{name}.py", tmp_path, "--exercise", name.replace("_", "-"))
    assert (result["score"], problems(result)) == (10, [])


def as_notebook(source: str) -> str:
    """A cell for each block of top-level code, with what people leave in notebooks around it."""
    cells: list[dict[str, Any]] = [{"cell_type": "markdown", "source": ["# My loop\n"]}]
    cells.append({"cell_type": "code", "source": "%matplotlib inline\n!pip install torch", "outputs": []})
    cells += [{"cell_type": "code", "source": block, "outputs": []} for block in source.split("\n\n\n")]
    cells.append({"cell_type": "code", "source": "%%bash\nnvidia-smi", "outputs": []})
    return json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}})


def test_a_notebook_earns_everything(tmp_path: Path) -> None:
    """Magics and shell lines do nothing; lines are told as cell and line."""
    path = tmp_path / "loop.ipynb"
    path.write_text(as_notebook((SUBMISSIONS / "mnist-mlp" / "renamed.py").read_text()))
    result = grade(path, tmp_path, "--exercise", "mnist-mlp")
    assert (result["submission"]["kind"], result["score"], problems(result)) == ("notebook", 10, [])


def test_a_mistake_in_a_notebook_has_a_cell_and_a_line(tmp_path: Path) -> None:
    """As the student sees them."""
    source = (SUBMISSIONS / "mnist-mlp" / "gradients_not_cleared.py").read_text()
    path = tmp_path / "loop.ipynb"
    path.write_text(as_notebook(source.replace("range(3)", "range(1)")))
    [finding, *_] = grade(path, tmp_path)["findings"]
    assert finding["check"] == "gradients-not-cleared"
    assert (finding["where"]["cell"], finding["where"]["text"]) == (5, "loss.backward()")


def test_a_misspelt_function_is_told(tmp_path: Path) -> None:
    """With the closest name, at its line."""
    source = (SUBMISSIONS / "mnist-mlp" / "functions.py").read_text().replace("def train(", "def trian(")
    path = tmp_path / "functions.py"
    path.write_text(source)
    result = grade(path, tmp_path, "--exercise", "mnist-mlp")
    [finding, *_] = result["findings"]
    assert (finding["check"], finding["where"]["text"][:9]) == ("missing-entry-point", "def trian")
    assert result["score"] == 0


def test_a_function_that_asks_for_what_is_not_there_is_told(tmp_path: Path) -> None:
    """The message says what could have been asked for."""
    source = (SUBMISSIONS / "regression-loop" / "functions.py").read_text()
    path = tmp_path / "functions.py"
    path.write_text(source.replace("optimizer, num_epochs", "optimiser, num_epochs"))
    result = grade(path, tmp_path)
    assert result["findings"][0]["check"] == "crashed"
    assert "optimizer" in json.dumps(result["findings"][0])


def test_a_submission_leaves_nothing_beside_it(tmp_path: Path) -> None:
    """The student's folder stays as it was."""
    folder = Path(shutil.copytree(SUBMISSIONS / "mnist-mlp" / "with_helpers", tmp_path / "work"))
    before = sorted(path.relative_to(folder) for path in folder.rglob("*"))
    grade(folder, tmp_path, "--exercise", "mnist-mlp")
    assert sorted(path.relative_to(folder) for path in folder.rglob("*")) == before
