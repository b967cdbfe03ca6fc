"""A folder of submissions: one result each, whatever any of them does."""

from __future__ import annotations

import csv
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from grader.batch import Row, is_batch, submissions_in, table, write_gradebook
from grader.engines import Job
from grader.engines.local import LocalEngine
from grader.result import from_json

GRADE = Path(sys.executable).with_name("grade")
CORRECT = (Path(__file__).resolve().parent / "submissions" / "regression-loop" / "functions.py").read_text()


@pytest.fixture
def class_of_eight(tmp_path: Path) -> Path:
    """Correct, wrong, broken, hanging, hostile and odd ones."""
    folder = tmp_path / "submissions"
    folder.mkdir()
    files = {
        "ana.py": CORRECT,
        "ben.py": CORRECT.replace("            optimizer.zero_grad()\n", ""),
        "carla.py": "# exercise: regression-loop\nfor x in\n",
        "dora.py": "# exercise: regression-loop\nimport os\nos._exit(0)\n",
        "=eva.py": "# exercise: regression-loop\nprint('::error::hello')\nraise ValueError('no')\n",
        "fritz.py": "# exercise: no-such-exercise\n",
    }
    for name, source in files.items():
        (folder / name).write_text(source)
    for name in ("gabriela", "empty"):
        (folder / name).mkdir()
    (folder / "gabriela" / "submission.py").write_text(CORRECT)
    (folder / "notes.txt").write_text("not a submission\n")
    return folder


def test_each_submission_gets_a_result_or_a_reason(class_of_eight: Path, tmp_path: Path) -> None:
    """Exit 1: not everybody passed. The gradebook has a row for each, and none is a formula."""
    done = subprocess.run(
        [GRADE, class_of_eight, "-j", "2", "--out", tmp_path / "out"], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 1, done.stderr
    with (tmp_path / "out" / "gradebook.csv").open(newline="") as file:
        rows = {row["submission"]: row for row in csv.DictReader(file)}
    assert {name: (row["score"], row["main_finding"]) for name, row in rows.items()} == {
        "ana.py": ("10", ""),
        "ben.py": ("2", "gradients-not-cleared"),
        "carla.py": ("0", "syntax-error"),
        "dora.py": ("0", "exited"),
        "'=eva.py": ("0", "crashed"),
        "fritz.py": ("", ""),
        "gabriela": ("10", ""),
        "empty": ("", ""),
    }
    assert "no-such-exercise" in rows["fritz.py"]["reason"]
    assert "without Python" in rows["empty"]["reason"]
    for name in ("ana.py", "ben.py", "gabriela"):
        result = from_json((tmp_path / "out" / name / "result.json").read_text())
        assert result.max_score == 10
        assert (tmp_path / "out" / name / "report.html").is_file()


def test_a_folder_with_a_submission_in_it_is_one_submission(tmp_path: Path) -> None:
    """Helper modules beside it are not submissions of their own."""
    (tmp_path / "helper.py").write_text("x = 1\n")
    (tmp_path / "loop.py").write_text("x = 1\n")
    assert is_batch(tmp_path)
    (tmp_path / "submission.py").write_text("x = 1\n")
    assert not is_batch(tmp_path)
    assert not is_batch(tmp_path / "loop.py")


def test_results_are_not_taken_for_submissions(tmp_path: Path) -> None:
    """Hidden folders, caches and the output of an earlier grading stay out."""
    for name in ("gradeloop-out", ".git", "__pycache__"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.py").write_text("")
    (tmp_path / "a.py").write_text("")
    found, left_out = submissions_in(tmp_path)
    assert ([path.name for path in found], left_out) == (["a.py"], [])


def run(*commands: Sequence[str], at_once: int = 2) -> Iterator[int]:
    jobs = [Job(f"job {number}", tuple(command), Path()) for number, command in enumerate(commands)]
    return (finished.code for finished in LocalEngine().run(jobs, at_once))


def test_a_job_that_dies_costs_only_itself() -> None:
    """A signal and an exit code are told apart."""
    suicide = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    commands = [[sys.executable, "-c", code] for code in (suicide, "raise SystemExit(2)", "")]
    assert sorted(run(*commands)) == [-signal.SIGKILL, 0, 2]


def test_an_interrupted_batch_leaves_nothing_running(tmp_path: Path) -> None:
    """Closing the iterator ends the processes that it started, and waits for them."""
    mark = tmp_path / "pid"
    code = f"import os, pathlib, time; pathlib.Path({str(mark)!r}).write_text(str(os.getpid())); time.sleep(600)"
    jobs = [Job("slow", (sys.executable, "-c", code), Path()), Job("quick", (sys.executable, "-c", ""), Path())]
    results = LocalEngine().run(jobs, 2)
    assert next(iter(results)).job.name == "quick"
    deadline = time.monotonic() + 30
    while not (mark.exists() and mark.read_text()) and time.monotonic() < deadline:
        time.sleep(0.01)
    results.close()  # type: ignore[attr-defined]
    with pytest.raises(ProcessLookupError):
        __import__("os").kill(int(mark.read_text()), 0)


def test_a_hostile_name_cannot_break_the_table_or_the_gradebook(tmp_path: Path) -> None:
    """Escapes and line ends are shown, not obeyed."""
    rows = [Row("a\x1b[31m\nb.py", reason="=HYPERLINK()")]
    assert "\x1b" not in table(rows)
    write_gradebook(tmp_path, rows)
    assert "'=HYPERLINK" in (tmp_path / "gradebook.csv").read_text()
