"""`grade submission.py`, as far as it can be wrong before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader import run_command
from grader.assessment import Assessment
from grader.errors import UsageError
from grader.result import Result
from grader.run_command import Request, grade_one

SCRIPT = "# exercise: regression-loop\nimport torch\n"


@pytest.mark.parametrize("place", ["taken", "taken/below", "/proc/gradeloop"])
def test_a_place_that_cannot_be_written_is_told_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Nobody waits for a training whose result has no place; what is there stays as it is."""

    def run(assessment: Assessment) -> Result:
        raise AssertionError("it was run")

    monkeypatch.setattr(run_command, "judge", run)
    (tmp_path / "submission.py").write_text(SCRIPT)
    (tmp_path / "taken").write_text("a note")
    with pytest.raises(UsageError, match=f"--out: .*{place}: "):
        grade_one(Request(tmp_path / "submission.py", out=tmp_path / place, quiet=True, sandbox="none"))
    assert (tmp_path / "taken").read_text() == "a note"
