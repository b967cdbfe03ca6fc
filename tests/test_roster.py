"""A course's list says whose a submission is; where it contradicts itself nobody is guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.errors import UsageError
from grader.layouts import Entry
from grader.roster import assign, parse_roster, read_roster


def entry(name: str, student: str | None = None, student_id: str | None = None) -> Entry:
    return Entry(name, ((name, Path(name)),), student, student_id)


@pytest.mark.parametrize("text", [
    "submission,name,id\nana.py,Ana Ruiz,17\n",
    "ID;Full Name;File\n17;Ana Ruiz;ana\n",
    "\ufeffnombre\tmatr\u00edcula\tarchivo\r\nAna Ruiz\t17\tana.py\r\n",
])  # fmt: skip
def test_a_roster_names_submissions(text: str) -> None:
    """With commas, semicolons or tabs, in either language, with or without the suffix."""
    [ana], left_out = assign([entry("ana.py")], parse_roster(text.lstrip("\ufeff"), "r.csv"))
    assert (ana.student, ana.student_id, left_out) == ("Ana Ruiz", "17", [])


def test_ids_of_a_layout_find_their_names() -> None:
    """What Canvas calls doejane is Jane Doe on the roster."""
    roster = parse_roster("id,name,email,due_at\n17,Jane Doe,jane@example.org,2026-02-01T00:00:00Z\n", "r.csv")
    [jane], _ = assign([entry("doejane_17_123_a.py", "doejane", "17")], roster)
    assert (jane.student, jane.email, jane.due_at) == ("Jane Doe", "jane@example.org", "2026-02-01T00:00:00Z")


@pytest.mark.parametrize("text", ["", "Ana,17\nBen,18\n", "17\n"])
def test_a_roster_without_a_header_is_refused(text: str) -> None:
    """The line that stands there instead is shown."""
    with pytest.raises(UsageError, match=r"r\.csv: line 1 is no header"):
        parse_roster(text, "r.csv")


def test_an_id_in_two_lines_belongs_to_nobody() -> None:
    """The submission is not graded under a name that may be wrong; the others are."""
    roster = parse_roster("submission,id\na.py,17\nb.py,17\nc.py,18\n", "folder/r.csv")
    named, left_out = assign([entry("x.py", None, "17"), entry("c.py")], roster)
    assert [(item.name, item.student_id) for item in named] == [("c.py", "18")]
    assert [item.reason for item in left_out] == ["r.csv: lines 2, 3 all claim 17"]


def test_two_submissions_of_one_student_are_not_chosen_between() -> None:
    """Both are named in the reason, and everybody else is graded."""
    roster = parse_roster("submission,id\na.py,17\nb.zip,18\n", "r.csv")
    named, left_out = assign([entry("a.py"), entry("z.py", None, "17"), entry("b.zip")], roster)
    assert [item.name for item in named] == ["b.zip"]
    assert {item.entry.name for item in left_out} == {"a.py", "z.py"}
    assert "2 submissions of one student (17): a.py, z.py" in left_out[0].reason


def test_who_handed_in_nothing_is_on_the_list() -> None:
    """With the name and the id of the roster."""
    _, left_out = assign([entry("a.py")], parse_roster("submission,name,id\na.py,Ana,17\nb.py,Ben,18\n", "r.csv"))
    assert [(item.entry.student, item.entry.student_id, item.reason) for item in left_out] == [
        ("Ben", "18", "nothing was handed in")
    ]


def test_without_a_roster_everybody_is_graded() -> None:
    """Files whose owner nobody knows are submissions of their own."""
    named, left_out = assign([entry("a.py"), entry("b.py")], None)
    assert ([item.name for item in named], left_out) == (["a.py", "b.py"], [])


def test_a_roster_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A file that is not there, and one in another encoding."""
    with pytest.raises(UsageError, match=r"--roster: .*none\.csv: No such file"):
        read_roster(tmp_path / "none.csv")
    (tmp_path / "latin.csv").write_bytes("name,id\nJos\u00e9,1\n".encode("latin-1"))
    with pytest.raises(UsageError, match=r"latin\.csv: byte 11 is not UTF-8"):
        read_roster(tmp_path / "latin.csv")
