"""Each submission is graded in a folder of its own, from bytes that were read once and bounded."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from grader.errors import UsageError
from grader.intake import intake
from grader.layouts import Entry
from grader.staging import stage
from grader.submission import MAX_SOURCE

LOOP = "import helper\nprint('loop')\n"


def entry(*paths: Path) -> Entry:
    return Entry(paths[0].name, tuple((path.name, path) for path in paths))


def written(path: Path, text: str = LOOP) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_file_comes_without_those_of_others(tmp_path: Path) -> None:
    """`import ben` does not bring in what Ben handed in."""
    ana = written(tmp_path / "in" / "ana.py", "import ben\n")
    written(tmp_path / "in" / "ben.py")
    staged = stage(entry(ana), tmp_path / "work")
    assert [path.name for path in staged.path.parent.iterdir()] == ["ana.py"]
    assert list(intake(staged.path).submission.files) == ["submission.py"]


def test_what_the_instructor_shares_lies_beside_every_submission(tmp_path: Path) -> None:
    """Unless the student handed in a file of that name."""
    written(tmp_path / "in" / "_shared" / "helper.py", "x = 1\n")
    written(tmp_path / "in" / "_shared" / "other.py", "x = 1\n")
    written(tmp_path / "in" / "ana" / "helper.py", "x = 2\n")
    written(tmp_path / "in" / "ana" / "main.py")
    staged = stage(entry(tmp_path / "in" / "ana"), tmp_path / "work", tmp_path / "in" / "_shared")
    assert (staged.path.parent / "helper.py").read_text() == "x = 2\n"
    assert (staged.path.parent / "other.py").exists()
    assert intake(staged.path).submission.files["helper.py"] == b"x = 2\n"


def test_of_several_folders_the_one_with_a_submission_counts(tmp_path: Path) -> None:
    """Tests of the student's own beside src/ do not stand in the way."""
    written(tmp_path / "ana" / "src" / "main.py")
    written(tmp_path / "ana" / "tests" / "check.py")
    assert stage(entry(tmp_path / "ana"), tmp_path / "work").path.name == "main.py"


@pytest.mark.parametrize("place", ["", "hw1/", "export/hw1/"])
def test_a_folder_may_lie_in_folders(tmp_path: Path, place: str) -> None:
    """The one that holds the programs is found, and what lies below it stays there."""
    written(tmp_path / "ana" / place / "loop.py", "from parts import layers\n")
    written(tmp_path / "ana" / place / "parts" / "layers.py", "x = 1\n")
    written(tmp_path / "ana" / ".venv" / "lib" / "torch.py")
    staged = stage(entry(tmp_path / "ana"), tmp_path / "work")
    assert staged.path.name == "loop.py"
    assert "parts/layers.py" in intake(staged.path).submission.files


def test_a_zip_alone_in_a_folder_is_unpacked(tmp_path: Path) -> None:
    """As Moodle and Gradescope hand on what a student zipped."""
    (tmp_path / "ana").mkdir()
    with zipfile.ZipFile(tmp_path / "ana" / "hw.zip", "w") as archive:
        archive.writestr("hw/loop.py", LOOP)
    assert stage(entry(tmp_path / "ana"), tmp_path / "work").path.name == "loop.py"


@pytest.mark.parametrize(("names", "reason"), [
    ([], "a folder without Python"),
    (["a.txt"], "a folder without Python"),
    (["a.py", "b.py"], "which file is to be graded? Name one of a.py, b.py"),
    (["x/a.py", "y/b.py"], "which file is to be graded? Name one of x/a.py, y/b.py"),
])  # fmt: skip
def test_a_folder_that_cannot_be_graded_says_why(tmp_path: Path, names: list[str], reason: str) -> None:
    """In a line without paths of this machine."""
    (tmp_path / "ana").mkdir()
    for name in names:
        written(tmp_path / "ana" / name)
    with pytest.raises(UsageError) as caught:
        stage(entry(tmp_path / "ana"), tmp_path / "work")
    assert str(caught.value).startswith(reason)
    assert str(tmp_path) not in str(caught.value)


def test_a_broken_zip_says_why_without_a_path(tmp_path: Path) -> None:
    """The name that the student gave is enough."""
    (tmp_path / "ana.zip").write_bytes(b"no zip")
    with pytest.raises(UsageError, match=r"^ana\.zip: not a zip$"):
        stage(entry(tmp_path / "ana.zip"), tmp_path / "work")


def test_a_link_and_a_device_end_in_the_same_report_as_alone(tmp_path: Path) -> None:
    """Nothing is read through them, and the student is told the same reason."""
    (tmp_path / "link.py").symlink_to("/etc/hostname")
    os.mkfifo(tmp_path / "pipe.py")
    for name in ("link.py", "pipe.py"):
        staged = stage(entry(tmp_path / name), tmp_path / "work" / name)
        assert str(intake(staged.path).problem) == str(intake(tmp_path / name).problem) != "None"


def test_a_file_that_is_too_large_is_not_copied_whole(tmp_path: Path) -> None:
    """The report says its size all the same."""
    large = written(tmp_path / "large.py", "#" * (5 * MAX_SOURCE))
    staged = stage(entry(large), tmp_path / "work")
    assert str(intake(staged.path).problem) == str(intake(large).problem)
    assert staged.path.stat().st_blocks * 512 < 2 * MAX_SOURCE


def test_two_files_of_one_name_are_told(tmp_path: Path) -> None:
    """Of two attachments that would become one file neither is taken."""
    paths = [written(tmp_path / place / "a.py") for place in ("x", "y")]
    with pytest.raises(UsageError, match=r"two files are called a\.py"):
        stage(entry(*paths), tmp_path / "work")


def test_the_digest_changes_with_every_byte_that_could_be_read(tmp_path: Path) -> None:
    """The program, a module beside it, a name, what the instructor shares; not the place where it lies."""
    folder = written(tmp_path / "ana" / "main.py").parent
    written(folder / "helper.py", "x = 1\n")
    shared = written(tmp_path / "_shared" / "d.py").parent
    digests = [stage(entry(folder), tmp_path / "1", shared).digest, stage(entry(folder), tmp_path / "2", shared).digest]
    assert digests[0] == digests[1]
    for number, (name, text) in enumerate((("main.py", "#"), ("helper.py", "x = 2\n"), ("new.py", "")), 3):
        written(folder / name, text)
        digests.append(stage(entry(folder), tmp_path / str(number), shared).digest)
    written(shared / "d.py", "x = 3\n")
    digests.append(stage(entry(folder), tmp_path / "6", shared).digest)
    assert len(set(digests[1:])) == 5


def test_the_graded_file_can_get_another_name(tmp_path: Path) -> None:
    """For a class without names: the file's own name may be the student's."""
    staged = stage(entry(written(tmp_path / "ana_ruiz.py")), tmp_path / "work", called="submission")
    assert [path.name for path in staged.path.parent.iterdir()] == ["submission.py"]
