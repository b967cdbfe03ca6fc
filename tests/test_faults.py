"""Killed, out of room, at the wrong time, twice at once: nothing lost, nothing half-written, nothing left running."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from grader.model import Limits, RunSpec, RunStatus, SubmissionKind
from grader.result import from_json
from grader.sandbox import SandboxBackend, Session
from grader.sandbox.plugin import grader_sandboxes
from grader.sandbox.processes import living, tree

GRADE = Path(sys.executable).with_name("grade")
FUNCTIONS = (Path(__file__).resolve().parent / "submissions" / "regression-loop" / "functions.py").read_text()
#: a script: nothing of it is called again after it has run
CORRECT = (Path(__file__).resolve().parents[1] / "reference" / "regression_loop.py").read_text()
CORRECT = f"# exercise: regression-loop\n{CORRECT}"
LIMITS = Limits(wall_seconds=20, cpu_seconds=30, memory_mb=1500, processes=32)
_SUBREAPER = 36


def _until(done: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if done():
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def orphans() -> Iterator[Callable[[], list[int]]]:
    """Whatever loses its parent comes to us: a function that names those that still live."""
    if sys.platform != "linux":
        pytest.skip("only Linux hands orphans to somebody else")
    libc = ctypes.CDLL(None)
    before = set(tree(os.getpid()))
    libc.prctl(_SUBREAPER, 1, 0, 0, 0)

    def alive() -> list[int]:
        return living(set(tree(os.getpid())) - before)

    yield alive
    for process in alive():
        with contextlib.suppress(OSError):
            os.kill(process, signal.SIGKILL)
    for process in set(tree(os.getpid())) - before:
        with contextlib.suppress(OSError):
            os.waitpid(process, 0)
    libc.prctl(_SUBREAPER, 0, 0, 0, 0)


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """Where a grader in these tests keeps what is temporary."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


def _environment(temporary: Path) -> dict[str, str]:
    return {**os.environ, "TMPDIR": str(temporary), "OMP_NUM_THREADS": "1"}


def _results(out: Path) -> list[Path]:
    found = sorted(out.glob("*/result.json"))
    for path in found:
        from_json(path.read_text(encoding="utf-8"), str(path))
    return found


def _half_written(out: Path) -> list[str]:
    return [str(path) for path in out.rglob(".*") if path.is_file() and "." in path.name[1:]]


def test_a_batch_that_is_killed_goes_on_where_it_was(
    tmp_path: Path, temporary: Path, orphans: Callable[[], list[int]]
) -> None:
    """kill -9 in the middle of ten: everything that ran ends, each result is whole, the next start does the rest."""
    folder, out = tmp_path / "submissions", tmp_path / "out"
    folder.mkdir()
    for number in range(10):
        (folder / f"student{number}.py").write_text(FUNCTIONS if number % 2 else CORRECT)
    command = [GRADE, folder, "-j", "2", "--out", out]
    first = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=_environment(temporary))
    assert _until(lambda: len(list(out.glob("*/result.json"))) >= 2 or first.poll() is not None, 200)
    first.kill()
    first.wait()
    assert _until(lambda: orphans() == [], 60), orphans()
    assert 2 <= len(_results(out)) <= 10
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, env=_environment(temporary))
    assert done.returncode == 0, done.stderr
    assert len(_results(out)) == 10
    assert _half_written(out) == []
    assert orphans() == []
    # the second batch has removed what the first one had no time to remove
    assert [path.name for path in temporary.glob("gradeloop-scratch-*")] == []
    _age(temporary)
    subprocess.run([GRADE, "doctor"], capture_output=True, timeout=200, env=_environment(temporary), check=True)
    assert [path.name for path in temporary.iterdir() if path.name.startswith("gradeloop-")] == []


def _age(folder: Path) -> None:
    for path in folder.iterdir():
        os.utime(path, (time.time() - 10_000,) * 2)


def test_a_grader_that_is_killed_takes_its_run_along(
    tmp_path: Path, temporary: Path, orphans: Callable[[], list[int]]
) -> None:
    """A program that would never end does, with everything that it has started."""
    script = tmp_path / "endless.py"
    script.write_text("# exercise: regression-loop\nimport os, time\nos.fork()\nos.fork()\ntime.sleep(900)\n")
    grader = subprocess.Popen(
        [GRADE, "--out", tmp_path / "out", "--quiet", script],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=_environment(temporary),
    )  # fmt: skip
    assert _until(lambda: len(orphans()) >= 7, 100)
    grader.kill()
    grader.wait()
    assert _until(lambda: orphans() == [], 60), orphans()
    assert not (tmp_path / "out" / "result.json").exists()


FULL = """
set -e
mount -t tmpfs -o size=$1 none "$2"
set +e
"$3" --sandbox none --out "$2/out" -f json -f html -f terminal "$4" >"$5" 2>&1
code=$?
for file in $(find "$2" -type f); do cp "$file" "$6/"; done
exit $code
"""


@pytest.mark.parametrize("size", ["4k", "16k", "4m"])
def test_a_full_disk_is_said_and_nothing_is_half_written(size: str, tmp_path: Path) -> None:
    """At whichever file the room ends: what is there is whole, what is not is named, and the exit code says so."""
    _needs_mounts()
    script, said = tmp_path / "submission.py", tmp_path / "said"
    small, kept = tmp_path / "small", tmp_path / "kept"
    script.write_text(CORRECT)
    small.mkdir()
    kept.mkdir()
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", FULL, "sh"]
    done = subprocess.run([*command, size, small, GRADE, script, said, kept], timeout=250)
    text = said.read_text()
    names = {path.name for path in kept.iterdir()}
    assert "Traceback" not in text
    assert not [name for name in names if name.startswith(".")]
    if "result.json" in names:
        assert from_json((kept / "result.json").read_text()).score == 10
    if "report.html" in names:
        assert (kept / "report.html").read_text().rstrip().endswith("</html>")
    if size == "4m":
        assert (done.returncode, names) == (0, {"result.json", "report.html"}), text
    else:
        assert done.returncode == 2
        assert "No space left on device" in text


def _needs_mounts() -> None:
    if shutil.which("unshare") is None:
        pytest.skip("needs unshare")
    probe = ["unshare", "--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"]
    if subprocess.run(probe, capture_output=True).returncode != 0:
        pytest.skip("no file system can be mounted here, not even in a namespace")


def test_two_graders_with_one_folder_for_results(tmp_path: Path, temporary: Path) -> None:
    """The last one to write wins; each file is one of theirs, whole."""
    (tmp_path / "submission.py").write_text(CORRECT)
    command = [GRADE, "--quiet", "--out", tmp_path / "out", tmp_path / "submission.py"]
    both = [
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=_environment(temporary))
        for _ in range(2)
    ]
    complaints = [grader.communicate(timeout=200)[1] for grader in both]
    assert [grader.returncode for grader in both] == [0, 0], complaints
    assert from_json((tmp_path / "out" / "result.json").read_text()).score == 10
    assert _half_written(tmp_path / "out") == []


@pytest.fixture(params=[pytest.param("bubblewrap", marks=pytest.mark.bubblewrap), "landlock"])
def backend(request: pytest.FixtureRequest) -> SandboxBackend:
    """A backend with walls."""
    [found] = [one for one in grader_sandboxes() if one.name == request.param]
    if not found.probe().works:
        pytest.skip(f"{found.name} does not work here: {found.probe().reason}")
    return found


def _spec(source: str) -> RunSpec:
    return RunSpec({"submission.py": source.encode()}, "submission.py", SubmissionKind.SCRIPT, LIMITS)


DEAF = """
import os, signal, threading, time
threading.Thread(target=lambda: (time.sleep(0.2), os.kill(os.getpid(), signal.SIGSTOP)), daemon=True).start()
"""


def _is_stopped(process: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "T"
    return False


def test_a_worker_that_stops_reading_holds_up_nobody(backend: SandboxBackend) -> None:
    """Questions that it never reads fill no memory and cost the time that was set for them."""
    with Session(backend, _spec(DEAF)) as session:
        assert session.run().status is RunStatus.COMPLETED
        assert _until(lambda: any(map(_is_stopped, tree(os.getpid()))), 60)
        answer = session.logits(np.zeros((5000, 28, 28), dtype=np.uint8), seconds=1.0)
    assert answer.values is None
    assert answer.reason in ("no-answer", "worker-died")


@pytest.mark.parametrize("jump", [-1e9, 1e9])
def test_a_clock_that_jumps_ends_no_run(backend: SandboxBackend, jump: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Time is measured by a clock that nobody sets."""
    now, calls = time.time, iter(range(10**9))
    monkeypatch.setattr(time, "time", lambda: now() + jump * (next(calls) % 2))
    with Session(backend, _spec("for number in range(10**6):\n    pass\n")) as session:
        run = session.run()
    assert (run.status, run.blame) == (RunStatus.COMPLETED, None), run.reason
    assert 0 <= run.wall_seconds < LIMITS.wall_seconds
