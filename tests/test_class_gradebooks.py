"""A graded class goes into what Canvas and Moodle exported: from the command line to the cell."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from .test_cli import LOOP

GRADE = str(Path(sys.executable).with_name("grade"))
CANVAS = """Student,ID,SIS Login ID,Section,Loop (7)
    Points Possible,,,,100
"López, Ana",101,ana,A,
"Li, Wei",103,wei,B,50
"""
MOODLE = """Identifier,Full name,Grade,Maximum Grade,Last modified (grade)
Participant 501,Ana López,-,10,-
Participant 503,Wei Li,5,10,-
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([GRADE, *arguments], cwd=folder, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class of two, one of whom handed in nothing that can be read; graded with both gradebooks' sheets beside it."""
    folder = tmp_path_factory.mktemp("class")
    (folder / "all").mkdir()
    (folder / "all" / "ana.py").write_text(LOOP)
    (folder / "all" / "nobody.py").write_text("for\n")
    (folder / "canvas.csv").write_text(CANVAS)
    (folder / "moodle.csv").write_text(MOODLE)
    (folder / "roster.csv").write_text("submission,name,id\nana.py,Ana López,\nnobody.py,Nobody Here,\n")
    done = run(
        folder, "--exercise", "regression-loop", "-f", "html", "-f", "canvas", "--sheet", "canvas.csv",
        "--column", "Loop", "--roster", "roster.csv", "--exit-zero", "-o", "out", "all",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (folder / "said").write_text(done.stdout)
    return folder


def test_a_graded_folder_goes_into_canvas(graded: Path) -> None:
    """On Canvas's scale, found by name; who is not in the export is told."""
    rows = list(csv.reader((graded / "out" / "canvas.csv").read_text().splitlines()))
    assert rows[1:] == [["    Points Possible", "", "", "", "100"], ["López, Ana", "101", "ana", "A", "100"]]
    assert "canvas: Nobody Here: not in the sheet" in (graded / "said").read_text()


def test_results_that_are_there_go_into_a_worksheet_without_grading(graded: Path) -> None:
    """`grade merge` fills in a sheet that was exported later; pages go into the feedback zip."""
    done = run(graded, "merge", "-o", "whole", "-f", "moodle", "--sheet", "moodle.csv", "--exit-zero", "out")
    assert done.returncode == 0, done.stderr
    rows = list(csv.reader((graded / "whole" / "moodle.csv").read_text().splitlines()))
    assert [row[2] for row in rows] == ["Grade", "10", "5"]
    with zipfile.ZipFile(graded / "whole" / "moodle-feedback.zip") as archive:
        assert archive.namelist() == ["Ana López_501_assignfeedback_file_/report.html"]


def test_a_submissions_name_is_no_command_in_a_log(tmp_path: Path) -> None:
    """In a class that is graded in CI a line break in a file's name starts no line, and the table is fenced."""
    (tmp_path / "all").mkdir()
    (tmp_path / "all" / "a\n::error::b.py").write_text("for\n")
    (tmp_path / "all" / "c.py").write_text("for\n")
    done = subprocess.run(
        [GRADE, "--exercise", "regression-loop", "-o", "out", "all"], cwd=tmp_path, capture_output=True, text=True,
        env={**os.environ, "GITHUB_ACTIONS": "true"}, timeout=300,
    )  # fmt: skip
    lines = [*done.stdout.splitlines(), *done.stderr.splitlines()]
    assert [line for line in lines if line.strip().startswith("::error")] == []
    assert lines[0].startswith("::stop-commands::")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-f", "canvas"), "--sheet: name Canvas's exported gradebook"),
        (("-f", "canvas", "--sheet", "none.csv"), "No such file"),
        (("-f", "canvas", "--sheet", "moodle.csv"), "begins with Student and ID"),
        (("-f", "moodle", "--sheet", "canvas.csv"), "not the grading worksheet"),
        (("--sheet", "canvas.csv"), "name the gradebook that it is for"),
        (("-f", "canvas", "--sheet", "canvas.csv", "--anonymous"), "who is who"),
    ],
)
def test_a_wrong_sheet_is_told_before_anything_is_graded(
    graded: Path, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    """Exit 2 in a moment, and no result."""
    done = run(graded, *arguments, "-o", str(tmp_path / "out"), "all")
    assert done.returncode == 2
    assert message in done.stderr
    assert not (tmp_path / "out").exists()
