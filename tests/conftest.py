"""What the tests need of the machine, and what happens when it is missing."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MARKERS = ("mnist", "chromium", "bubblewrap", "course")
#: tests run as root in CI and as somebody else at home; one torch thread everywhere
os.environ.setdefault("OMP_NUM_THREADS", "1")
# a shell that starts us in the background lets us, and all that we start, ignore an interrupt
signal.signal(signal.SIGINT, signal.default_int_handler)


def mnist_folder() -> Path | None:
    """Where the real MNIST lies: $GRADE_DATA, or ../shared/data beside the repository."""
    for root in (os.environ.get("GRADE_DATA"), str(ROOT.parent / "shared" / "data")):
        if root and any(Path(root).rglob("train-images-idx3-ubyte*")):
            return Path(root)
    return None


def missing(marker: str) -> str | None:
    """Why a test with this marker cannot run here; None when it can."""
    if marker == "mnist":
        return None if mnist_folder() else "no MNIST in $GRADE_DATA or ../shared/data"
    if marker == "chromium":
        return None if shutil.which("chromium") else "no chromium on the PATH"
    if marker == "bubblewrap":
        return None if shutil.which("bwrap") else "no bwrap on the PATH"
    if marker == "course":
        course = ROOT.parent / "shared" / "course"
        return None if course.is_dir() else "no course beside the repository (../shared/course)"
    return None


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip with a reason; fail instead where GRADELOOP_TESTS_NEED names what is missing."""
    needed = os.environ.get("GRADELOOP_TESTS_NEED", "").split(",")
    for marker in MARKERS:
        reason = missing(marker) if item.get_closest_marker(marker) else None
        if reason and marker in needed:
            pytest.fail(f"{marker} is needed here: {reason}", pytrace=False)
        if reason:
            pytest.skip(reason)


@pytest.fixture(scope="session")
def mnist_root() -> Path:
    """The folder to give as --data-root; only for tests marked `mnist`."""
    folder = mnist_folder()
    assert folder is not None
    return folder


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test reads the user's settings; the cache is shared by one session, so that digits are drawn once."""
    for name in ("GRADE_SECRET", "GRADE_DATA", "NO_COLOR", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    cache = tmp_path_factory.getbasetemp() / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
