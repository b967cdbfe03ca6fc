"""A course's exercise as Otter grades it: the same program and one test of it, for the bench."""

from __future__ import annotations

import subprocess
from pathlib import Path

#: the test of an Otter assignment: the program has run, and what it defines is there
TEST = """
OK_FORMAT = True
test = {
    "name": "loop",
    "points": 1,
    "suites": [{"type": "doctest", "scored": True, "setup": "", "teardown": "",
                "cases": [{"code": ">>> callable(train_epoch)\\nTrue", "hidden": False, "locked": False}]}],
}
"""


def assignment(otter: Path, folder: Path) -> Path:
    """Make Otter's autograder.zip in a folder; returns it. Raises CalledProcessError when `otter generate` fails."""
    tests = folder / "tests"
    tests.mkdir()
    (tests / "loop.py").write_text(TEST)
    (folder / "graded").mkdir()
    archive = folder / "autograder.zip"
    subprocess.run(
        [otter, "generate", "-t", "tests", "-o", archive.name, "--no-environment"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return archive
