"""`grade lint`: what can be told of a file without running it, and no more than that."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from grader.errors import UsageError
from grader.lint_command import lint

from .hostile import PIECES
from .test_cli import LOOP

ROOT = Path(__file__).resolve().parent.parent
#: a function that the exercise calls, and its loop
FUNCTION = """# exercise: regression-loop
def train(model, train_loader, criterion, optimizer, num_epochs):
    for inputs, targets in train_loader:
        optimizer.zero_grad()
        criterion(model(inputs), targets).backward()
        optimizer.step()
"""


def linted(path: Path, source: str | bytes, named: str | None = None, language: str = "en") -> list[str]:
    path.write_bytes(source.encode() if isinstance(source, str) else source)
    return lint([path], named, language)


@pytest.mark.parametrize(
    "source",
    [
        LOOP,
        FUNCTION,
        "def helper(x):\n    return x\n",
        # a step of a training that the script itself drives
        LOOP + "\ndef train_step(x):\n    return x\n",
        # called by somebody else under a name that is close to the exercise's
        FUNCTION.replace("train(", "trains(") + "\nTrainer(trains).fit()\n",
        "import torch\nprint('no exercise fits this')\n",
    ],
    ids=["script", "function", "helper", "own step", "callback", "no exercise"],
)
def test_what_can_be_graded_is_left_alone(tmp_path: Path, source: str) -> None:
    """A file that a run would accept, or that is no submission at all, gets no line."""
    assert linted(tmp_path / "loop.py", source) == []


@pytest.mark.parametrize(
    ("source", "line", "check", "words"),
    [
        (LOOP.replace("range(20):", "range(20)"), 10, "syntax-error", "expected ':'"),
        (FUNCTION.replace("train(", "trian("), 2, "missing-entry-point", "the closest is trian()"),
        (FUNCTION.replace("train(", "Train("), 2, "missing-entry-point", "the closest is Train()"),
        ("x = 1\n".encode("utf-16"), 1, "unreadable-submission", "UTF-16"),
        (b"x = 1\ny = '\xe9'\n", 2, "unreadable-submission", "not UTF-8"),
        ("", 1, "unreadable-submission", "empty"),
        ("# x\n" * 60_000, 1, "unreadable-submission", "at most 200,000"),
        ("x = " + "(" * 5000 + "1" + ")" * 5000, 1, "syntax-error", "nested"),
    ],
    ids=["syntax", "misspelt", "capital", "utf-16", "latin-1", "empty", "large", "deep"],
)
def test_what_cannot_be_graded_is_told_in_a_line(
    tmp_path: Path, source: str | bytes, line: int, check: str, words: str
) -> None:
    """`path:line: check: what is wrong`, as compilers write it, so that editors jump there."""
    path = tmp_path / "loop.py"
    [said] = linted(path, source)
    assert said.startswith(f"{path}:{line}: {check}: ")
    assert words in said


def test_it_speaks_the_languages_of_the_report(tmp_path: Path) -> None:
    """The words are those of the check's page."""
    [said] = linted(tmp_path / "loop.py", LOOP.replace("range(20):", "range(20)"), language="es")
    assert "Python dejó de leer" in said


def test_a_notebooks_problem_names_its_cell(tmp_path: Path) -> None:
    """Cell and line, as the notebook shows them."""
    cells = [{"cell_type": "code", "source": "x = 1\n"}, {"cell_type": "code", "source": "y = 2\nfor x in y\n"}]
    content = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})
    [said] = linted(tmp_path / "loop.ipynb", content)
    assert "loop.ipynb:1: syntax-error: " in said
    assert "cell 2, line 2" in said


def test_nothing_of_the_file_is_run_or_imported(tmp_path: Path) -> None:
    """The text is parsed in a child; neither it nor a module beside it leaves a trace."""
    trace = tmp_path / "ran"
    (tmp_path / "torch.py").write_text(f"open({str(trace)!r}, 'w')\n")
    assert linted(tmp_path / "loop.py", f"import torch\nopen({str(trace)!r}, 'w')\n") == []
    assert not trace.exists()


def test_an_exercise_that_is_named_must_be_there(tmp_path: Path) -> None:
    """A wrong name in the hook's settings is an error and not silence."""
    with pytest.raises(UsageError, match="no exercise"):
        linted(tmp_path / "loop.py", LOOP, "mnist-mpl")


def test_the_command_takes_many_files_and_exits_with_1(tmp_path: Path) -> None:
    """As pre-commit calls it: every file is looked at, one line a problem, on stdout."""
    (tmp_path / "good.py").write_text(LOOP)
    (tmp_path / "bad.py").write_text("x = (\n")
    (tmp_path / "worse.py").write_text("for\n")
    command = [str(Path(sys.executable).with_name("grade")), "lint"]
    done = subprocess.run([*command, "good.py", "bad.py", "worse.py"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["bad.py", "worse.py"]
    assert subprocess.run([*command, "good.py"], cwd=tmp_path).returncode == 0
    assert subprocess.run([*command, "none.py"], cwd=tmp_path, stderr=subprocess.DEVNULL).returncode == 2


#: half of a pair, a slash or a NUL is in no file's name
NAMES = [piece for piece in PIECES if not {"/", "\0", "\ud800"} & set(piece)]


@pytest.mark.parametrize("piece", NAMES)
def test_a_files_name_stays_a_name(tmp_path: Path, piece: str) -> None:
    """In one line, without an escape sequence."""
    [said] = linted(tmp_path / f"a{piece}.py", "for\n")
    assert said.isprintable()
    assert ": syntax-error: " in said


def test_the_hook_calls_a_command_that_is_there() -> None:
    """The manifest is what pre-commit reads, and its entry is one of ours."""
    [hook] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert {"id", "name", "entry", "language"} <= hook.keys()
    program, command = hook["entry"].split()
    help_ = subprocess.run(
        [Path(sys.executable).with_name(program), command, "--help"], capture_output=True, text=True, check=True
    )
    assert "FILE..." in help_.stdout
