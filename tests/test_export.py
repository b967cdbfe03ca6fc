"""The archive for Gradescope: the same bytes each time, and it grades where nothing but it was unpacked."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from grader import UsageError
from grader.export_command import ExportRequest, export
from grader.packing import folder, installed
from grader.reports.gradescope_autograder import choose, read_metadata

from .test_cli import LOOP

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of an exercise whose loop trains in a second."""
    out = tmp_path_factory.mktemp("export") / "autograder.zip"
    return export(ExportRequest("gradescope", "regression-loop", out, "es", index_url="https://a.example/cpu"))


@pytest.fixture
def machine(archive: Path, tmp_path: Path) -> Path:
    """What Gradescope makes of an archive: source/, run_autograder, submission/ and results/ below one root."""
    root = tmp_path / "autograder"
    source = root / "source"
    with zipfile.ZipFile(archive) as file:
        file.extractall(source)
        for info in file.infolist():
            (source / info.filename).chmod(info.external_attr >> 16 & 0o777)
    shutil.copy(source / "run_autograder", root / "run_autograder")
    (root / "submission").mkdir()
    (root / "results").mkdir()
    return root


def run(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [root / "run_autograder"],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "AUTOGRADER_ROOT": str(root), "GRADE_PYTHON": sys.executable},
    )


def result(root: Path) -> Any:
    return json.loads((root / "results" / "results.json").read_text(encoding="utf-8"))


def hand_in(root: Path, source: str, name: str = "loop.py") -> None:
    path = root / "submission" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, encoding="utf-8")


def test_the_same_exercise_gives_the_same_archive(archive: Path, tmp_path: Path) -> None:
    """Byte for byte, so that an instructor sees whether anything has changed."""
    request = ExportRequest(
        "gradescope", "regression-loop", tmp_path / "again.zip", "es", index_url="https://a.example/cpu"
    )
    assert export(request).read_bytes() == archive.read_bytes()


def test_the_archive_holds_scripts_that_can_be_run(archive: Path) -> None:
    """setup.sh and run_autograder at the top, as bash understands them; no solution, no cache."""
    with zipfile.ZipFile(archive) as file:
        modes = {info.filename: stat.S_IMODE(info.external_attr >> 16) for info in file.infolist()}
        [wheel] = [name for name in modes if name.endswith(".whl")]
        with file.open(wheel) as inner, zipfile.ZipFile(inner) as packed:
            names = packed.namelist()
    assert modes["setup.sh"] == modes["run_autograder"] == 0o755
    assert {
        "exercise/regression-loop/exercise.toml",
        "constraints.txt",
        "settings.json",
        "nothing.json",
    } <= modes.keys()
    assert {"grader/cli.py", "grader/worker/main.py", "grader/reports/templates/report.html"} <= set(names)
    assert not [name for name in names if "reference" in name.split("/") or "__pycache__" in name]
    for script in ("setup.sh", "run_autograder"):
        subprocess.run(["bash", "-n", ROOT / "reports" / "templates" / "gradescope" / script], check=True)


def test_the_wheel_is_one_that_pip_installs(archive: Path, tmp_path: Path) -> None:
    """Its record is right, and what is installed starts without this repository."""
    with zipfile.ZipFile(archive) as file:
        [wheel] = [name for name in file.namelist() if name.endswith(".whl")]
        file.extract(wheel, tmp_path)
    site = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", site]
    subprocess.run([*pip, tmp_path / wheel], check=True, timeout=120)
    code = "import grader, grader.cli, grader.reports.html as html; print(grader.__file__, html.__file__)"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=tmp_path, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(site)},
    )  # fmt: skip
    assert done.stdout.split() == [str(site / "grader" / "__init__.py"), str(site / "grader" / "reports" / "html.py")]


def test_a_correct_loop_gets_full_marks_there(machine: Path) -> None:
    """One results.json, in the language of the archive, with a number for the time."""
    hand_in(machine, LOOP)
    done = run(machine)
    assert done.returncode == 0, done.stderr
    record = result(machine)
    assert record["score"] == sum(test["max_score"] for test in record["tests"]) == 10
    assert "Todo lo que pide" in record["output"] or "10 / 10" in record["output"]
    assert isinstance(record["execution_time"], float)


def test_a_syntax_error_is_graded_and_keeps_the_maximum(machine: Path) -> None:
    """Zero of ten, with every line in it, and the place of the error."""
    hand_in(machine, LOOP.replace("range(20):", "range(20)"))
    assert run(machine).returncode == 0
    record = result(machine)
    assert (record["score"], sum(test["max_score"] for test in record["tests"])) == (0, 10)
    assert ">  10  for epoch in range(20)" in json.dumps(record)


@pytest.mark.parametrize(
    ("files", "words"),
    [([], "no Python file"), (["a.py", "b.py"], "more than one file"), (["notes.txt"], "no Python file")],
)
def test_nothing_that_can_be_graded_is_a_result_too(machine: Path, files: list[str], words: str) -> None:
    """The student reads what to hand in; nobody's autograder has failed."""
    for name in files:
        hand_in(machine, LOOP, name)
    assert run(machine).returncode == 0
    record = result(machine)
    assert record["score"] == 0 and sum(test["max_score"] for test in record["tests"]) == 10
    assert words in json.dumps(record)


def test_a_failure_of_ours_leaves_no_result(machine: Path) -> None:
    """Not even that of the student before: Gradescope then shows a failure of the autograder."""
    (machine / "results" / "results.json").write_text('{"score": 10}')
    (machine / "source" / "exercise" / "regression-loop" / "exercise.toml").write_text("id = 3")
    hand_in(machine, LOOP)
    done = run(machine)
    assert done.returncode != 0
    assert "exercise.toml" in done.stderr
    assert list((machine / "results").iterdir()) == []


def stub(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/usr/bin/env bash\n{text}\n")
    path.chmod(0o755)


def test_setup_installs_the_wheel_under_constraints_and_tries_the_starter(machine: Path, tmp_path: Path) -> None:
    """Told by programs that only note how they were called."""
    log, bin_ = tmp_path / "log", tmp_path / "bin"
    noted = f'echo "$(basename "$0") $*" >> {log}'
    stub(bin_ / "apt-get", noted)
    stub(bin_ / "noted", noted)
    copy = f'mkdir -p "$3/bin"; cp {bin_}/noted "$3/bin/python"; cp {bin_}/noted "$3/bin/grade"'
    stub(bin_ / "made", f'{noted}\nif [ "$1" = -m ]; then {copy}; fi')
    subprocess.run(
        [machine / "source" / "setup.sh"],
        check=True,
        timeout=60,
        env={**os.environ, "PATH": f"{bin_}:{os.environ['PATH']}", "PYTHON": str(bin_ / "made"),
             "AUTOGRADER_ROOT": str(machine)},
    )  # fmt: skip
    calls = log.read_text()
    [pip] = [line for line in calls.splitlines() if " -m pip install" in line]
    assert f"--constraint {machine}/source/constraints.txt" in pip
    assert "gradeloop-" in pip and pip.endswith("--extra-index-url https://a.example/cpu")
    assert f"grade run --exercise {machine}/source/exercise/regression-loop --exit-zero" in calls


def test_setup_says_when_python_is_too_old(machine: Path, tmp_path: Path) -> None:
    """In the log of the build, with what to choose."""
    stub(tmp_path / "bin" / "apt-get", "true")
    stub(tmp_path / "bin" / "old", "exit 1")
    done = subprocess.run(
        [machine / "source" / "setup.sh"], capture_output=True, text=True, timeout=60,
        env={**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "PYTHON": str(tmp_path / "bin" / "old"),
             "AUTOGRADER_ROOT": str(machine)},
    )  # fmt: skip
    assert done.returncode == 1
    assert "Python 3.11" in done.stderr


# which file, and whose


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["loop.py"], "loop.py"),
        (["submission.py", "helper.py"], "submission.py"),
        (["Main.ipynb", "model.py"], "Main.ipynb"),
        (["week/loop.py"], "week/loop.py"),
        (["__MACOSX/x.py", "week/loop.py", ".hidden.py"], "week/loop.py"),
        (["a.py", "b.py"], "several"),
        (["main.py", "submission.py"], "several"),
        (["a/x.py", "b/y.py"], "nothing"),
        (["a/b/c/d/e/x.py"], "nothing"),
        (["notes.md"], "nothing"),
    ],
)
def test_the_file_to_grade_is_found_or_why_there_is_none(tmp_path: Path, names: list[str], chosen: str) -> None:
    """A single file, the one that is called submission or main, or the same in the only folder."""
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x = 1\n")
    path, problem = choose(tmp_path)
    assert (path.relative_to(tmp_path).as_posix() if path else problem) == chosen


def test_a_policy_is_told_who_and_when(tmp_path: Path) -> None:
    """From Gradescope's own metadata: the time of the submission, never the time of grading."""
    record = {
        "created_at": "2026-03-02T09:00:00.000000-08:00",
        "assignment": {"due_date": "2026-03-01T23:59:00.000000-08:00"},
        "users": [{"id": 7, "name": "Ana López", "email": "ana@uni.example"}],
    }
    path = tmp_path / "submission_metadata.json"
    path.write_text(json.dumps(record))
    assert read_metadata(path) == {
        "student": "Ana López",
        "student_id": "7",
        "submitted_at": "2026-03-02T09:00:00.000000-08:00",
        "due_at": "2026-03-01T23:59:00.000000-08:00",
    }


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"users": [3]}', '{"assignment": null}', '{"users": [{}]}'])
def test_metadata_that_cannot_be_read_costs_nobody_a_grade(tmp_path: Path, text: str) -> None:
    """What is not known is absent."""
    path = tmp_path / "submission_metadata.json"
    path.write_text(text)
    assert read_metadata(path) == {}
    assert read_metadata(tmp_path / "none.json") == {}


# the command


def grade(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = str(Path(sys.executable).with_name("grade"))
    return subprocess.run([command, *arguments], cwd=cwd, capture_output=True, text=True, timeout=120)


def test_the_command_prints_where_the_archive_is(tmp_path: Path) -> None:
    """In the folder that it is called in, named after the exercise and the platform."""
    done = grade("export", "gradescope", "mnist-mlp", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "mnist-mlp-gradescope.zip\n")
    assert zipfile.is_zipfile(tmp_path / "mnist-mlp-gradescope.zip")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("blackboard", "mnist-mlp"), "no platform 'blackboard'; choose from gradescope"),
        (("gradescope", "mnist-mpl"), "mnist-mlp"),
        (("gradescope", "mnist-mlp", "-o", "/proc/x.zip"), "/proc/x.zip"),
        (("gradescope", "mnist-mlp", "--lang", "xx"), "no catalogue for 'xx'"),
    ],
)
def test_what_cannot_be_exported_is_told(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    """Exit 2, one line, no archive."""
    done = grade("export", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr and len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_secret_goes_into_the_archive_only_when_it_is_given(archive: Path, tmp_path: Path) -> None:
    """The file is named `secret`, and run_autograder hands it to the grader."""
    (tmp_path / "key").write_text("s3cret\n")
    request = ExportRequest("gradescope", "regression-loop", tmp_path / "a.zip", secret_file=tmp_path / "key")
    with zipfile.ZipFile(export(request)) as file:
        assert file.read("secret") == b"s3cret"
    with zipfile.ZipFile(archive) as file:
        assert "secret" not in file.namelist()


def test_an_own_exercise_is_exported_from_its_folder(tmp_path: Path) -> None:
    """Results of earlier gradings and hidden files stay at home."""
    own = tmp_path / "week-3"
    shutil.copytree(ROOT / "exercises" / "regression-loop", own)
    (own / "exercise.toml").write_text((own / "exercise.toml").read_text().replace("regression-loop", "week-3"))
    (own / "gradeloop-out").mkdir()
    (own / "gradeloop-out" / "result.json").write_text("{}")
    (own / ".git").mkdir()
    (own / ".git" / "config").write_text("x")
    with zipfile.ZipFile(export(ExportRequest("gradescope", str(own), tmp_path / "a.zip"))) as file:
        names = {name for name in file.namelist() if name.startswith("exercise/")}
    assert names == {f"exercise/week-3/{name}" for name in folder(own)}
    assert not any("gradeloop-out" in name or ".git" in name for name in names)


def test_constraints_name_versions_that_an_index_has() -> None:
    """A build's suffix such as +cpu is left out; what is not installed is not named."""
    lines = installed("torch", "no-such-distribution").splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("torch==") and "+" not in lines[0]


def test_the_exporter_names_the_platforms(tmp_path: Path) -> None:
    """As the error says which there are."""
    with pytest.raises(UsageError, match="gradescope"):
        export(ExportRequest("moodle", "mnist-mlp", tmp_path / "a.zip"))
