"""A folder of submissions: one result each, whatever any of them does."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from grader.batch import Row, is_batch, submissions_in, table, write_gradebook
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


def test_a_hostile_name_cannot_break_the_table_or_the_gradebook(tmp_path: Path) -> None:
    """Escapes and line ends are shown, not obeyed."""
    rows = [Row("a\x1b[31m\nb.py", reason="=HYPERLINK()")]
    assert "\x1b" not in table(rows)
    write_gradebook(tmp_path, rows)
    assert "'=HYPERLINK" in (tmp_path / "gradebook.csv").read_text()
