"""Intake: bytes in, text or a reason out."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from grader.errors import SubmissionError, UsageError
from grader.model import SubmissionKind
from grader.outline import outline
from grader.submission import MAX_SOURCE, decode, helpers, read_submission


def write(folder: Path, name: str, content: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_script_is_read_as_text(tmp_path: Path) -> None:
    """Name, text and digest are those of the file; the jail gets it under a fixed name."""
    submission, problem = read_submission(write(tmp_path, "torch.py", "x = 1\n"))
    assert problem is None
    assert (submission.name, submission.source, list(submission.files)) == (
        "torch.py",
        "x = 1\n",
        ["submission.py"],
    )


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path) -> None:
    """Line numbers are those that Python counts."""
    submission, problem = read_submission(write(tmp_path, "a.py", b"\xef\xbb\xbfx = 1\r\ny = 2\r\n"))
    assert problem is None
    assert submission.line(2) == "y = 2"


def test_a_form_feed_does_not_shift_lines(tmp_path: Path) -> None:
    """Python counts no line at a form feed or at U+2028, and neither do findings."""
    submission, _ = read_submission(write(tmp_path, "a.py", "x = 1\n\x0c\ny = '\u2028'\nz = 3\n"))
    assert submission.line(4) == "z = 3"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (b"\xff\xfex\x00=\x001\x00", "UTF-16"),
        (b"x = 1\n\0", "NUL"),
        (b"x = '\xe9'\n", "not UTF-8"),
        (b"x" * (MAX_SOURCE + 1), "at most 200,000"),
    ],
)
def test_what_is_no_text_gets_a_reason(tmp_path: Path, content: bytes, words: str) -> None:
    """The reason says what is wrong; the submission still has a name and a digest for the report."""
    submission, problem = read_submission(write(tmp_path, "a.py", content))
    assert problem is not None
    assert words in str(problem)
    assert problem.check == "unreadable-submission"
    assert submission.name == "a.py"


def test_the_place_of_bad_bytes_is_told() -> None:
    """The line of the first byte that is not UTF-8."""
    with pytest.raises(SubmissionError) as caught:
        decode(b"a = 1\nb = '\xff'\n")
    assert caught.value.line == 2


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """A submission that is a symbolic link could point at anything."""
    target = write(tmp_path, "secret.txt", "secret")
    (tmp_path / "a.py").symlink_to(target)
    submission, problem = read_submission(tmp_path / "a.py")
    assert problem is not None
    assert "secret" not in submission.source


def test_a_pipe_does_not_hang_the_intake(tmp_path: Path) -> None:
    """A named pipe is not a regular file; opening it must not wait for a writer."""
    os.mkfifo(tmp_path / "a.py")
    _, problem = read_submission(tmp_path / "a.py")
    assert problem is not None
    assert "regular" in str(problem)


def test_a_missing_file_is_wrong_usage(tmp_path: Path) -> None:
    """There is nothing to report on."""
    with pytest.raises(UsageError, match="no such file"):
        read_submission(tmp_path / "nothing.py")


def test_modules_beside_the_script_come_along(tmp_path: Path) -> None:
    """Only those that it imports, and those that they import; other students' files stay out."""
    script = write(tmp_path, "a.py", "import model\nfrom util.tools import f\n")
    write(tmp_path, "model.py", "from . import deep\nimport deep\n")
    write(tmp_path, "deep.py", "x = 1\n")
    write(tmp_path, "other_student.py", "x = 1\n")
    (tmp_path / "util").mkdir()
    write(tmp_path, "util/__init__.py", "")
    write(tmp_path, "util/tools.py", "f = print\n")
    found = helpers(script, outline(script.read_text()))
    assert set(found) == {"model.py", "deep.py", "util/__init__.py", "util/tools.py"}


def test_what_links_lead_to_does_not_come_along(tmp_path: Path) -> None:
    """Neither a linked module nor one in a linked folder: both could be somebody else's."""
    secret = tmp_path / "secret"
    secret.mkdir()
    write(secret, "mod.py", "x = 'secret'\n")
    own = tmp_path / "own"
    own.mkdir()
    script = write(own, "a.py", "import pkg.mod\nimport mod\n")
    (own / "pkg").symlink_to(secret)
    (own / "mod.py").symlink_to(secret / "mod.py")
    assert helpers(script, outline(script.read_text())) == {}
    (tmp_path / "linked").symlink_to(own)
    write(own, "plain.py", "x = 1\n")
    assert set(helpers(tmp_path / "linked" / "a.py", outline("import plain"))) == {"plain.py"}


def test_a_notebook_is_read_with_its_cells(tmp_path: Path) -> None:
    """Places in a notebook are a cell and a line in it."""
    cells = [
        {"cell_type": "code", "source": "import torch\n%time\nx = 1"},
        {"cell_type": "code", "source": "y = 2"},
    ]
    submission, problem = read_submission(write(tmp_path, "a.ipynb", json.dumps({"cells": cells})))
    assert problem is None
    assert submission.kind is SubmissionKind.NOTEBOOK
    place = submission.place(4)
    assert place is not None
    assert (place.cell, place.line, place.text) == (2, 1, "y = 2")


def test_a_student_s_folder_has_one_file_to_grade(tmp_path: Path) -> None:
    """submission.py, or the only script or notebook."""
    with pytest.raises(UsageError, match="without Python"):
        read_submission(tmp_path)
    write(tmp_path, "loop.py", "x = 1\n")
    assert read_submission(tmp_path)[0].name == "loop.py"
    write(tmp_path, "model.py", "x = 1\n")
    with pytest.raises(UsageError, match="which file"):
        read_submission(tmp_path)
    write(tmp_path, "submission.py", "x = 1\n")
    assert read_submission(tmp_path)[0].name == "submission.py"
