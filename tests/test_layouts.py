"""What lies in a folder -> whose submissions these are, in the layouts that platforms export."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from grader.errors import UsageError
from grader.layouts import Entry, entries_in


def filled(folder: Path, names: Iterable[str]) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x = 1\n")
    return folder


def read(folder: Path, asked: str = "auto") -> tuple[str, dict[str, Entry]]:
    layout, entries = entries_in(folder, asked)
    return layout, {entry.name: entry for entry in entries}


def test_files_notebooks_zips_and_folders_are_submissions_as_they_are(tmp_path: Path) -> None:
    """Called as they lie there; caches, hidden files, results and other texts are none."""
    names = ["ana.py", "ben.ipynb", "carla.zip", "dora/x.py", "notes.txt", ".git/a.py", "_shared/h.py"]
    layout, entries = read(filled(tmp_path, [*names, "__pycache__/a.py", "gradeloop-out/ana.py/result.json"]))
    assert (layout, list(entries)) == ("plain", ["ana.py", "ben.ipynb", "carla.zip", "dora"])
    assert {entry.student for entry in entries.values()} == {None}


def test_canvas_names_say_whose_a_file_is_and_whether_it_was_late(tmp_path: Path) -> None:
    """Several files of one student are one submission, under the names that the student gave."""
    names = ["doejane_1234_567890_loop.py", "ruizana_LATE_1235_567891_submission-2.py"]
    names += ["ruizana_LATE_1235_567892_utils-2.py", "leebo_1236_567893_task_1.zip"]
    layout, entries = read(filled(tmp_path, names))
    assert layout == "canvas"
    jane, ana = entries["doejane_1234_567890_loop.py"], entries["ruizana_1235"]
    assert (jane.student, jane.student_id, jane.late, jane.files[0][0]) == ("doejane", "1234", False, "loop.py")
    assert (ana.student_id, ana.late) == ("1235", True)
    assert [name for name, _ in ana.files] == ["submission.py", "utils.py"]
    assert entries["leebo_1236_567893_task_1.zip"].files[0][0] == "task_1.zip"


def test_attempts_that_would_become_one_name_stay_apart(tmp_path: Path) -> None:
    """lab-1.py and lab-2.py may be two files: which is graded is not for us to choose."""
    _, entries = read(filled(tmp_path, ["leebo_1236_567_lab-1.py", "leebo_1236_568_lab-2.py"]))
    assert [name for name, _ in entries["leebo_1236"].files] == ["lab-1.py", "lab-2.py"]


@pytest.mark.parametrize("names", [
    ["lab_1_2_ana.py", "lab_1_3_ben.py"],
    ["doejane_1234_567890_loop.py", "ben.py"],
    ["doejane_12_5678_a.py", "ruizana_12_5679_a.py"],
])  # fmt: skip
def test_names_that_only_look_like_canvas_are_plain(tmp_path: Path, names: list[str]) -> None:
    """Short numbers, a file of another kind among them, or one number with two names: nobody's files are joined."""
    layout, entries = read(filled(tmp_path, names))
    assert (layout, list(entries)) == ("plain", sorted(names))


def test_moodle_folders_carry_full_names(tmp_path: Path) -> None:
    """With or without the last underscore; a typed text beside the file is no second submission."""
    names = ["Ana Ruiz_17_assignsubmission_file_/a.py", "Ana Ruiz_17_assignsubmission_onlinetext_/onlinetext.html"]
    names += ["Bo O'Neil_de la Cruz_18_assignsubmission_file/b.py"]
    layout, entries = read(filled(tmp_path, names))
    assert layout == "moodle"
    found = {(entry.student, entry.student_id, len(entry.files)) for entry in entries.values()}
    assert found == {("Ana Ruiz", "17", 1), ("Bo O'Neil_de la Cruz", "18", 1)}


def test_moodle_files_without_folders_are_joined_by_student(tmp_path: Path) -> None:
    """The form of the export that has no folder for each student."""
    names = ["Ana Ruiz_17_assignsubmission_file_loop.py", "Ana Ruiz_17_assignsubmission_file_utils.py"]
    layout, entries = read(filled(tmp_path, [*names, "Bo_18_assignsubmission_file_hw.ipynb"]))
    assert layout == "moodle"
    assert [name for name, _ in entries["Ana Ruiz_17"].files] == ["loop.py", "utils.py"]
    assert entries["Bo_18_assignsubmission_file_hw.ipynb"].files[0][0] == "hw.ipynb"


def test_a_file_cannot_claim_to_be_somebody_elses(tmp_path: Path) -> None:
    """Moodle's words come first; what a student writes into the file's own name changes nothing."""
    forged = "Jane Doe_1234_assignsubmission_file_Bo_18_assignsubmission_file_x.py"
    layout, entries = read(filled(tmp_path, [forged, "Bo_18_assignsubmission_file_hw.py"]))
    assert layout == "moodle"
    assert (entries[forged].student, entries[forged].student_id) == ("Jane Doe", "1234")
    assert entries[forged].files[0][0] == "Bo_18_assignsubmission_file_x.py"


GRADESCOPE = """\
---
submission_101:
  :submitters:
  - :name: Ana Ruiz
    :sid: '17'
    :email: ana@example.org
  :created_at: !ruby/object:ActiveSupport::TimeWithZone
    utc: 2026-01-27 18:30:16.000000000 Z
  :score: 3.0
submission_102:
  :submitters:
  - :name: Bo Lee
    :sid: '18'
  - :name: Cy Fox
    :sid:
  :created_at: 2026-01-27 18:30:16.000000000 Z
"""


def test_gradescope_names_come_from_its_own_file(tmp_path: Path) -> None:
    """A group has all its names; a folder that the file does not name is graded without one."""
    filled(tmp_path, [f"submission_{number}/loop.py" for number in (101, 102, 103)])
    (tmp_path / "submission_metadata.yml").write_text(GRADESCOPE)
    layout, entries = read(tmp_path)
    assert layout == "gradescope"
    assert [(entry.student, entry.student_id) for entry in entries.values()] == [
        ("Ana Ruiz", "17"), ("Bo Lee; Cy Fox", "18"), (None, None),
    ]  # fmt: skip
    assert entries["submission_102"].submitted_at == "2026-01-27T18:30:16+00:00"


@pytest.mark.parametrize(
    "text", ["- a\n", "a: [", "submission_101: !!python/object/apply:os.system ['echo']\n", "\x00"]
)
def test_a_list_of_submissions_that_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    """One line, with the file; nothing in it is executed."""
    filled(tmp_path, ["submission_101/loop.py"])
    (tmp_path / "submission_metadata.yml").write_text(text)
    with pytest.raises(UsageError, match=r"submission_metadata\.yml") as caught:
        read(tmp_path)
    assert "\n" not in str(caught.value)


def test_what_is_no_program_is_told_and_not_passed_over(tmp_path: Path) -> None:
    """A student who handed in a text has a row; the instructor's own notes have none."""
    filled(tmp_path, ["doejane_1234_567890_loop.py", "leebo_1235_567891_essay.docx"])
    assert list(read(tmp_path)[1]) == ["doejane_1234_567890_loop.py", "leebo_1235_567891_essay.docx"]
    filled(tmp_path / "plain", ["_ana.py", "ben.rar", "notes.txt", "list.csv"])
    assert list(read(tmp_path / "plain")[1]) == ["_ana.py", "ben.rar"]


def test_a_layout_can_be_asked_for(tmp_path: Path) -> None:
    """`plain` where names only happen to look like a platform's; an unknown one is told with the choices."""
    filled(tmp_path, ["doejane_1234_567890_loop.py"])
    assert read(tmp_path, "plain")[1]["doejane_1234_567890_loop.py"].student is None
    with pytest.raises(UsageError, match="choose from auto, gradescope, moodle, canvas, plain"):
        read(tmp_path, "sakai")


def test_a_name_that_the_batch_writes_itself_is_changed(tmp_path: Path) -> None:
    """A folder called index.html is graded like any other."""
    _, entries = read(filled(tmp_path, ["index.html/a.py", "b.py"]))
    assert list(entries) == ["b.py", "index.html-"]
