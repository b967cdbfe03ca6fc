"""A folder of submissions: one result each, whatever any of them does."""

from __future__ import annotations

import csv
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from grader.batch import is_batch, table
from grader.overview import write_gradebook
from grader.result import from_json
from grader.summary import Row

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


@pytest.mark.parametrize(("names", "batch"), [
    (["a.py", "b.py"], True),
    (["a/x.py"], True),
    (["a/b/x.ipynb"], True),
    (["a.zip", "b.zip"], True),
    (["a.zip"], True),
    (["loop.py", "mnist.zip"], False),
    (["submission.py", "other.py", "data.zip", "parts/x.py"], False),
    (["loop.py", ".venv/lib/x.py"], False),
    (["notes.txt"], False),
])  # fmt: skip
def test_one_submission_is_told_from_many(tmp_path: Path, names: list[str], batch: bool) -> None:
    """By names alone: a zip may be a submission, a virtual environment never is."""
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    assert is_batch(tmp_path) is batch


def test_a_program_with_a_package_beside_it_is_one_submission(tmp_path: Path) -> None:
    """A folder that it imports is a part of it; one that it does not may be somebody else's."""
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "layers.py").write_text("")
    (tmp_path / "loop.py").write_text("import torch\nfrom parts.layers import x\n")
    assert not is_batch(tmp_path)
    (tmp_path / "loop.py").write_text("import torch\nimport parts_of_mine\n")
    assert is_batch(tmp_path)


def test_a_class_in_one_zip_is_graded_as_a_folder(tmp_path: Path) -> None:
    """As a platform exports it: results lie beside the zip, and a single program in a zip is one submission."""
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:
        for name in ("export/doejane_1234_567890_loop.py", "export/ruizana_LATE_1235_567891_loop.py"):
            archive.writestr(name, "# exercise: regression-loop\nfor x in\n")
    done = subprocess.run([GRADE, tmp_path / "class.zip"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 1, done.stderr
    assert "layout: canvas" in done.stderr
    with (tmp_path / "gradeloop-out" / "gradebook.csv").open(newline="") as file:
        assert [row["student"] for row in csv.DictReader(file)] == ["doejane", "ruizana"]
    with zipfile.ZipFile(tmp_path / "one.zip", "w") as archive:
        archive.writestr("hw/loop.py", "# exercise: regression-loop\nfor x in\n")
    done = subprocess.run([GRADE, "-f", "json", tmp_path / "one.zip"], capture_output=True, text=True, timeout=120)
    assert from_json(done.stdout).submission.name == "loop.py"


def test_a_hostile_name_cannot_break_the_table_or_the_gradebook(tmp_path: Path) -> None:
    """Escapes and line ends are shown, not obeyed."""
    rows = [Row("a\x1b[31m\n::error::b.py", reason="=HYPERLINK()", student="@SUM(1)", student_id=" \uff1d1")]
    assert "\x1b" not in table(rows)
    write_gradebook(tmp_path, rows)
    assert "'=HYPERLINK" in (tmp_path / "gradebook.csv").read_text()
    assert "'@SUM" in (tmp_path / "gradebook.csv").read_text()
    assert "' \uff1d1" in (tmp_path / "gradebook.csv").read_text()
    assert len((tmp_path / "gradebook.csv").read_text().splitlines()) == 2
