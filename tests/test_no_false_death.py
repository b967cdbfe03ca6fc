"""What honest programs do besides training kills no run and costs no point, whatever the walls."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from grader.sandbox.plugin import grader_sandboxes

PROGRAM = Path(__file__).resolve().parent / "submissions" / "mnist-mlp" / "everything_at_once.py"
GRADE = Path(sys.executable).with_name("grade")


@pytest.mark.parametrize("sandbox", [pytest.param("bubblewrap", marks=pytest.mark.bubblewrap), "landlock"])
def test_an_honest_program_that_does_everything_at_once(sandbox: str, tmp_path: Path) -> None:
    """Two loading workers, progress bars, a plot, checkpoints, a log, threads, a child: full marks."""
    pytest.importorskip("matplotlib")
    pytest.importorskip("tqdm")
    [backend] = [one for one in grader_sandboxes() if one.name == sandbox]
    if not backend.probe().works:
        pytest.skip(f"{sandbox} does not work here: {backend.probe().reason}")
    command = [GRADE, "--dataset", "digits", "--exercise", "mnist-mlp", "-f", "json", "--quiet", "--sandbox", sandbox]
    done = subprocess.run([*command, "--out", tmp_path, PROGRAM], capture_output=True, text=True, timeout=280)
    result = json.loads(done.stdout)
    assert (result["run"]["status"], result["score"]) == ("completed", 10), done.stdout
    assert "['0.pt', '1.pt', '2.pt', '3.pt']" in result["run"]["stdout"]
