"""A temporary folder that outlives no grader for long."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from grader.scratch import scratch, sweep

HOLD = """
import sys
from grader.scratch import scratch
with scratch() as folder:
    (folder / "inner").mkdir()
    (folder / "inner" / "file").write_text("x")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where folders are made in these tests, by children as well."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def holder() -> tuple[subprocess.Popen[str], Path]:
    """Another grader that uses a folder."""
    process = subprocess.Popen([sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_a_folder_is_gone_when_it_is_left(temporary: Path) -> None:
    """Whatever lies in it."""
    with scratch() as folder:
        (folder / "file").write_text("x")
        assert folder.parent == temporary
    assert list(temporary.iterdir()) == []


def test_the_folder_of_a_killed_grader_is_removed_by_the_next() -> None:
    """kill -9 gives nobody time to clear up."""
    process, left = holder()
    end(process)
    assert (left / "inner" / "file").exists()
    with scratch():
        assert not left.exists()


def test_the_folder_of_a_grader_that_lives_stays() -> None:
    """It is in use, however old it is."""
    process, used = holder()
    sweep()
    assert (used / "inner" / "file").exists()
    end(process)


def test_a_folder_of_somebody_else_s_stays(temporary: Path) -> None:
    """A link under such a name is not followed, and other names are nobody's business."""
    other = temporary / "other"
    other.mkdir()
    (other / "file").write_text("x")
    (temporary / "gradeloop-scratch-linklink").symlink_to(other)
    sweep()
    assert (other / "file").exists()


def test_what_lies_where_its_content_will_stay_is_removed_too(tmp_path: Path) -> None:
    """In a folder of results or of the cache: ours, by the whole form of its name, and nothing that is named alike."""
    place = tmp_path / "out"
    place.mkdir()
    inner = HOLD.replace("scratch()", f"scratch(__import__('pathlib').Path({str(place)!r}), '.merge-')")
    process = subprocess.Popen([sys.executable, "-c", inner], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    left = Path(process.stdout.readline().strip())
    kept = place / ".merge-results-of-mine"
    kept.mkdir()
    with scratch(place, ".merge-"):
        assert left.exists()
    end(process)
    with scratch(place, ".merge-") as work:
        assert sorted(place.iterdir()) == sorted([kept, work])
    assert list(place.iterdir()) == [kept]
