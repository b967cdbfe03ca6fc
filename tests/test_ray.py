"""The Ray engine, in a process of its own: Ray's threads stay for good, and other tests fork."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ALONE = Path(__file__).with_name("ray_alone.py")


def test_a_class_is_graded_on_a_cluster() -> None:
    """All tests of ray_alone.py pass, or are skipped where Ray is not installed."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", str(ALONE)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=600, env=environment, cwd=ALONE.parent.parent
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert "passed" in done.stdout
