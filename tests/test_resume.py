"""What makes an earlier result hold, and what does not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from grader.errors import UsageError
from grader.layouts import Entry
from grader.note import FILE, Note, read_note
from grader.plugin_manager import create_manager
from grader.result import to_json
from grader.resume import Circumstances, Earlier, concerns, record_of
from grader.staging import Staged

from .sample_results import EXERCISE, full_marks, not_cleared

STAGED = Staged(Entry("a.py", ()), Path("a.py"), "digest")
CIRCUMSTANCES = Circumstances({"mnist-mlp": "1"}, 0, "cpu", None, ("plugin 1",), None)


def key(staged: Staged = STAGED, note: Note | None = None, **changes: object) -> str:
    return record_of(staged, note or Note(), replace(CIRCUMSTANCES, **changes))["key"]  # type: ignore[arg-type]


def test_everything_that_decides_a_result_is_in_the_key() -> None:
    """Each of them alone makes another key; the same makes the same."""
    keys = [
        key(),
        key(replace(STAGED, digest="other")),
        key(exercises={"mnist-mlp": "2"}),
        key(seed=1),
        key(device="cuda"),
        key(dataset="digits"),
        key(plugins=("plugin 2",)),
        key(secret=b"secret"),
        key(note=Note(student="Ana")),
        key(note=Note(due_at="2026-02-01")),
        key(note=Note(hidden=("Ana",))),
    ]
    assert len(set(keys)) == len(keys)
    assert key() == keys[0]
    assert key(note=Note(earlier=({"score": 1.0},))) == keys[0]


def earlier(folder: Path, data_root: Path | None = None) -> Earlier:
    plugins = create_manager(third_party=False)
    return Earlier(folder, plugins, {EXERCISE.id: EXERCISE}, None, data_root)


def left(folder: Path, dataset: str | None) -> dict[str, str]:
    record = record_of(STAGED, Note(), CIRCUMSTANCES)
    (folder / "a.py").mkdir()
    run = replace(full_marks().run, dataset=dataset)
    (folder / "a.py" / "result.json").write_text(to_json(replace(full_marks(), run=run)))
    (folder / "a.py" / FILE).write_text(json.dumps(record))
    return record


@pytest.mark.parametrize(("today", "valid"), [("digits", True), ("mnist", False)])
def test_a_result_of_another_data_set_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, today: str, valid: bool
) -> None:
    """MNIST could not be had then and can be now, or the other way round."""
    record = left(tmp_path, "digits")
    monkeypatch.setattr("grader.resume.choose_dataset", lambda *_: named(today))
    assert (earlier(tmp_path).valid("a.py", record) is not None) is valid


def named(name: str) -> object:
    """Something that has the name of a data set."""
    return type("Named", (), {"name": name})()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"key": 3}', "\x00"])
def test_a_damaged_record_keeps_nothing(tmp_path: Path, text: str) -> None:
    """It is graded again, and nothing is raised."""
    record = left(tmp_path, None)
    assert earlier(tmp_path).valid("a.py", record) is not None
    (tmp_path / "a.py" / FILE).write_text(text)
    assert earlier(tmp_path).valid("a.py", record) is None


def test_a_damaged_result_keeps_nothing(tmp_path: Path) -> None:
    """Half a file, and none at all."""
    record = left(tmp_path, None)
    path = tmp_path / "a.py" / "result.json"
    path.write_text(path.read_text()[:500])
    assert earlier(tmp_path).valid("a.py", record) is None
    path.unlink()
    assert earlier(tmp_path).valid("a.py", record) is None


def test_a_check_concerns_its_rubric_and_its_findings() -> None:
    """Nothing else."""
    first, *others = full_marks().verdicts
    listed = replace(full_marks(), verdicts=(replace(first, checks=("in-the-rubric",)), *others))
    assert concerns(listed, "in-the-rubric")
    assert concerns(not_cleared(), "gradients-not-cleared")
    assert not concerns(listed, "no-such-check")


@pytest.mark.parametrize("text", ["", "[]", '"x"', '{"earlier": 3}', "\x00"])
def test_a_note_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    """With the option and the file."""
    (tmp_path / "note.json").write_text(text)
    with pytest.raises(UsageError, match=r"--metadata: .*note\.json: not a submission's metadata"):
        read_note(tmp_path / "note.json")


def test_a_note_survives_the_file_and_tells_a_policy_only_what_is_known(tmp_path: Path) -> None:
    """Hidden words and keys are for us alone."""
    note = Note("Ana", None, "2026-01-01", None, False, ({"score": 1.0},), ("Ana",), {"key": "1"})
    (tmp_path / "note.json").write_text(note.to_json())
    assert read_note(tmp_path / "note.json") == note
    assert note.metadata == {
        "student": "Ana", "submitted_at": "2026-01-01", "late": False, "earlier": ({"score": 1.0},),
    }  # fmt: skip
    assert read_note(None).metadata == {}
