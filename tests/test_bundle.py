"""A job as bytes: what it names travels, places of a machine do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.engines import bundle
from grader.engines.bundle import pack, read_files, write_files
from grader.errors import UsageError


def written(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_job_can_be_laid_out_on_another_machine(tmp_path: Path) -> None:
    """The submission with what lies beside it, an exercise of one's own, the note and the secret; not the data."""
    submission = written(tmp_path / "work" / "7" / "loop.py", "import helper")
    written(tmp_path / "work" / "7" / "helper.py")
    note = written(tmp_path / "notes" / "7.json")
    written(tmp_path / "notes" / "8.json", "somebody else's")
    exercise = written(tmp_path / "demo" / "exercise.toml").parent
    words = ["--exercise", str(exercise), "--seed", "3", "--data-root", "/data", "--metadata", str(note)]
    packed = pack([*words, "--out", str(tmp_path / "out" / "loop.py"), str(submission)])
    there = tmp_path / "there"
    words = packed.unpack(there)
    assert words == [
        *("--exercise", f"{there}/exercise", "--seed", "3", "--data-root", "/data"),
        *("--metadata", f"{there}/metadata/7.json", "--out", f"{there}/out", f"{there}/submission/loop.py"),
    ]
    assert sorted(name for name, _ in read_files(there)) == [
        "exercise/exercise.toml", "metadata/7.json", "submission/helper.py", "submission/loop.py",
    ]  # fmt: skip


def test_an_exercise_by_name_stays_a_name(tmp_path: Path) -> None:
    """It is looked up on the other side."""
    submission = written(tmp_path / "a.py")
    assert pack(["--exercise", "mnist-mlp", str(submission)]).words[:2] == ("--exercise", "mnist-mlp")


def test_links_do_not_travel(tmp_path: Path) -> None:
    """Nor does what they lead to."""
    written(tmp_path / "in" / "a.py")
    (tmp_path / "in" / "link.py").symlink_to("/etc/hostname")
    assert [name for name, _ in read_files(tmp_path / "in")] == ["a.py"]


def test_what_is_too_much_to_send_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it is read."""
    monkeypatch.setattr(bundle, "MAX_BYTES", 10)
    written(tmp_path / "a.py", "#" * 11)
    with pytest.raises(UsageError, match="too much to send"):
        pack([str(tmp_path / "a.py")])


def test_files_come_back_whole(tmp_path: Path) -> None:
    """In folders, over what was there, without leaving anything half."""
    written(tmp_path / "out" / "result.json", "old")
    write_files({"result.json": b"new", "pages/report.html": b"page", "resume.json": b"key"}, tmp_path / "out")
    assert dict(read_files(tmp_path / "out")) == {
        "pages/report.html": b"page", "result.json": b"new", "resume.json": b"key",
    }  # fmt: skip
