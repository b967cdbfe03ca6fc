"""The command as a user runs it: files, stdout, stderr, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from grader.result import from_json

#: the console script: `python -m` would put the folder it is called in before everything installed
GRADE = (str(Path(sys.executable).with_name("grade")),)
#: a whole training loop that takes a second
LOOP = """# exercise: regression-loop
import torch
from torch import nn
model = nn.Sequential(nn.Linear(10, 50), nn.ReLU(), nn.Linear(50, 1))
criterion = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
loader = torch.utils.data.DataLoader(
    torch.utils.data.TensorDataset(torch.randn(100, 10), torch.randn(100, 1)), batch_size=10, shuffle=True
)
for epoch in range(20):
    for inputs, targets in loader:
        optimizer.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        optimizer.step()
"""


def grade(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*GRADE, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, **environment},
    )


def write(folder: Path, source: str | bytes, name: str = "submission.py") -> Path:
    path = folder / name
    path.write_bytes(source.encode() if isinstance(source, str) else source)
    return path


def test_a_correct_loop_passes_and_leaves_its_files(tmp_path: Path) -> None:
    """Exit 0, a summary on stdout, result.json and report.html beside the submission."""
    write(tmp_path, LOOP)
    done = grade(tmp_path, "submission.py")
    assert done.returncode == 0, done.stderr
    assert "10 / 10" in done.stdout
    out = tmp_path / "gradeloop-out"
    assert {path.name for path in out.iterdir()} == {"result.json", "report.html"}
    assert from_json((out / "result.json").read_text()).score == 10


def test_json_alone_is_all_that_stdout_holds(tmp_path: Path) -> None:
    """Other programs read it; whatever a student prints is inside a string."""
    write(tmp_path, LOOP + "print('{} not json')\n")
    done = grade(tmp_path, "-f", "json", "-o", "there", "submission.py")
    record = json.loads(done.stdout)
    assert record["schema"] == "gradeloop/result/v1"
    assert record["run"]["stdout"] == "{} not json\n"
    assert (tmp_path / "there" / "result.json").read_text() == done.stdout


def test_the_same_submission_gives_the_same_bytes(tmp_path: Path) -> None:
    """All but the wall time and the peak of memory."""
    write(tmp_path, LOOP)
    records = [json.loads(grade(tmp_path, "-f", "json", "--quiet", "submission.py").stdout) for _ in range(2)]
    for record in records:
        record["run"].pop("wall_seconds")
        record["run"].pop("peak_memory_mb")
    assert records[0] == records[1]


def test_a_failed_submission_exits_1_or_0_when_asked(tmp_path: Path) -> None:
    """A CI job that only reports uses --exit-zero."""
    write(tmp_path, "# exercise: regression-loop\nraise SystemExit('no')\n")
    assert grade(tmp_path, "submission.py").returncode == 1
    assert grade(tmp_path, "--exit-zero", "submission.py").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing.py"], "nothing.py: no such file"),
        (["--exercise", "mnist-mpl", "submission.py"], "mnist-mlp"),
        (["--format", "pdf", "submission.py"], "choose from"),
        (["--sandbox", "moat", "--exercise", "regression-loop", "submission.py"], "bubblewrap"),
        (["--seed", "x", "submission.py"], "--seed"),
        (["--secret-file", "gone", "--exercise", "regression-loop", "submission.py"], "gone"),
        (["--nonsense", "submission.py"], "nonsense"),
        (["--lang", "tlh", "--exercise", "regression-loop", "submission.py"], "choose from en, es"),
        (["--data-root", "empty", "--exercise", "mnist-mlp", "submission.py"], "empty"),
        (["--dataset", "cifar", "--exercise", "mnist-mlp", "submission.py"], "cifar"),
        (["--out", "submission.py/below", "--exercise", "regression-loop", "submission.py"], "--out"),
    ],
)
def test_wrong_usage_is_a_line_and_exit_2(tmp_path: Path, arguments: list[str], words: str) -> None:
    """The message names what is wrong; there is no traceback."""
    write(tmp_path, "x = 1\n")
    (tmp_path / "empty").mkdir()
    done = grade(tmp_path, *arguments)
    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\x7fELF\0\0", "NUL"),
        (b"x = '\xff'\n", "not UTF-8"),
        (b"#" * 300_000, "200,000"),
        (b"def f(:\n", "invalid syntax"),
    ],
)
def test_a_text_that_cannot_run_still_gets_a_report(tmp_path: Path, content: bytes, words: str) -> None:
    """Exit 1, no points, and the reason in the summary."""
    write(tmp_path, content)
    done = grade(tmp_path, "--exercise", "regression-loop", "submission.py")
    assert done.returncode == 1, done.stderr
    assert words in done.stdout
    assert from_json((tmp_path / "gradeloop-out" / "result.json").read_text()).score == 0


@pytest.mark.parametrize("name", ["torch.py", "pytest.py", "conftest.py", "grader.py", "json.py", "__main__.py"])
def test_a_file_called_like_a_module_shadows_nothing(tmp_path: Path, name: str) -> None:
    """Neither the grader nor the student's own `import torch` finds the submission instead."""
    write(tmp_path, LOOP, name)
    done = grade(tmp_path, name)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_lies_beside_a_submission_is_not_executed(tmp_path: Path) -> None:
    """A conftest.py, a pytest.ini or a grader/ in the folder has no effect on the grading."""
    write(tmp_path, LOOP)
    write(tmp_path, "raise RuntimeError('conftest was executed')\n", "conftest.py")
    write(tmp_path, "[pytest]\naddopts = --nonsense\n", "pytest.ini")
    (tmp_path / "grader").mkdir()
    write(tmp_path, "raise RuntimeError('shadowed')\n", "grader/__init__.py")
    done = grade(tmp_path, "submission.py", PYTEST_ADDOPTS="--nonsense", PYTEST_PLUGINS="nonsense")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_report_speaks_the_language_of_the_environment(tmp_path: Path) -> None:
    """Unless --lang says otherwise; the result itself is the same."""
    write(tmp_path, "# exercise: regression-loop\nx = (\n")
    assert "Empieza aquí" in grade(tmp_path, "submission.py", LANG="es_ES.UTF-8").stdout
    assert "Start here" in grade(tmp_path, "--lang", "en", "submission.py", LANG="es_ES.UTF-8").stdout


def test_a_helper_module_beside_the_script_is_importable(tmp_path: Path) -> None:
    """It goes into the jail with the script."""
    network = "nn.Sequential(nn.Linear(10, 50), nn.ReLU(), nn.Linear(50, 1))"
    write(tmp_path, f"from torch import nn\n\n\ndef build():\n    return {network}\n", "network.py")
    source = LOOP.replace("import torch\n", "import torch\nfrom network import build\n", 1)
    write(tmp_path, source.replace(network, "build()"))
    done = grade(tmp_path, "submission.py")
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_sandbox_must_be_asked_for_and_is_told(tmp_path: Path) -> None:
    """The report says that nothing held."""
    write(tmp_path, LOOP)
    assert grade(tmp_path, "--sandbox", "none", "submission.py").returncode == 0
    assert from_json((tmp_path / "gradeloop-out" / "result.json").read_text()).run.sandbox == "none"


def test_verbose_says_what_was_chosen(tmp_path: Path) -> None:
    """On stderr, so that stdout stays what it is."""
    write(tmp_path, LOOP)
    done = grade(tmp_path, "--verbose", "submission.py")
    for words in ("exercise: regression-loop", "data: the submission's own", "device: cpu", "secret: the public"):
        assert words in done.stderr


def test_the_commands_beside_grading_answer(tmp_path: Path) -> None:
    """A list, a task, a starter that parses, a check's page."""
    assert "mnist-mlp" in grade(tmp_path, "exercises").stdout
    assert "#" in grade(tmp_path, "exercises", "mnist-mlp", "--lang", "es").stdout
    assert grade(tmp_path, "new", "mnist-mlp", "work").returncode == 0
    compile((tmp_path / "work" / "mnist_mlp.py").read_text(), "starter", "exec")
    assert grade(tmp_path, "new", "mnist-mlp", "work").returncode == 2
    page = grade(tmp_path, "explain", "gradients-not-cleared").stdout
    assert "zero_grad" in page
    assert grade(tmp_path, "explain", "gradient-not-cleared").returncode == 2


def test_doctor_says_what_works(tmp_path: Path) -> None:
    """Each backend with its layers, torch, torchvision, the data."""
    done = grade(tmp_path, "doctor")
    for word in ("bubblewrap", "landlock", "none", "torch", "torchvision"):
        assert word in done.stdout
