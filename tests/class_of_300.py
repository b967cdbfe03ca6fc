"""A made-up class, a tenth of it hostile or broken: graded, killed twice, started again, compared with single gradings.

`python tests/class_of_300.py [--count 300] [--sample 20] [-j 2]` runs it whole and prints what it took.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

GRADE = Path(sys.executable).with_name("grade")
CORRECT = (Path(__file__).resolve().parent / "submissions" / "regression-loop" / "functions.py").read_text()
NAMED = "# exercise: regression-loop\n"
#: correct and wrong loops in equal parts, as text to find and what stands there instead
EDITS = (
    ("", ""),
    ("            optimizer.zero_grad()\n", ""),
    ("            optimizer.step()\n", ""),
    (".backward()", ""),
)
#: broken, hostile or nothing that could be graded
WORST = (
    "for x in\n",
    "raise ValueError('no')\n",
    "import os\nos._exit(0)\n",
    "import os\nos.kill(os.getpid(), 9)\n",
    "import os\nos.kill(os.getppid(), 9)\n",
    "print('x' * 5_000_000)\n",
    "import sys\nsys.setrecursionlimit(10**9)\ndef f():\n    return f()\nf()\n",
    "open('/etc/passwd', 'w')\n",
)
#: what differs from run to run
MEASURED = ("wall_seconds", "peak_memory_mb")


def generate(folder: Path, count: int, seed: int = 0) -> None:
    """`count` submissions: files, folders and zips; the same for the same seed."""
    drawn = random.Random(seed)
    folder.mkdir(parents=True)
    for number in range(count):
        text = WORST[number // 10 % len(WORST)] if number % 10 == 9 else _loop(drawn)
        name = f"student{number:03d}"
        write(folder, name, f"{NAMED}# {drawn.random()}\n{text}", drawn.choice((".py", ".py", "/", ".zip")))


def _loop(drawn: random.Random) -> str:
    find, instead = drawn.choice(EDITS)
    assert find in CORRECT
    return CORRECT.replace(find, instead) if find else CORRECT


def write(folder: Path, name: str, text: str, dress: str) -> None:
    if dress == ".zip":
        with zipfile.ZipFile(folder / f"{name}.zip", "w") as archive:
            archive.writestr(f"{name}/loop.py", text)
    elif dress == "/":
        (folder / name).mkdir()
        (folder / name / "loop.py").write_text(text)
    else:
        (folder / f"{name}.py").write_text(text)


def finished(out: Path) -> dict[str, tuple[int, int]]:
    """Results that are whole, and when each was written."""
    marks = sorted(out.glob("*/resume.json"))
    return {mark.parent.name: _stamp(mark.parent / "result.json") for mark in marks}


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns


def killed_at(command: Sequence[str | Path], out: Path, count: int) -> dict[str, tuple[int, int]]:
    """Start a batch, kill it with -9 once `count` results are there; what was finished then."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as batch:
        while len(finished(out)) < count and batch.poll() is None:
            time.sleep(0.05)
        batch.send_signal(signal.SIGKILL)
    return finished(out)


def record(path: Path) -> dict[str, Any]:
    """A result without what is measured."""
    found: dict[str, Any] = json.loads(path.read_text())
    for name in MEASURED:
        found["run"].pop(name)
    return found


def single(path: Path, out: Path) -> dict[str, Any]:
    """The result of `grade` on this submission alone."""
    entry = path / "loop.py" if path.is_dir() else path
    subprocess.run([GRADE, "--quiet", "-o", out, entry], stdout=subprocess.DEVNULL, check=False, timeout=600)
    return record(out / "result.json")


def rehearse(place: Path, count: int, sample: int, jobs: int) -> dict[str, Any]:
    """Grade a class, kill it twice, start it again; what came of it. Raises AssertionError when anything differs."""
    folder, out = place / "submissions", place / "out"
    generate(folder, count)
    command: list[str | Path] = [GRADE, folder, "-o", out, "-j", str(jobs)]
    begun = time.monotonic()
    first = killed_at(command, out, count // 3)
    second = killed_at(command, out, 2 * count // 3)
    last = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - begun
    done = finished(out)
    assert last.returncode == 1, last.stderr
    assert len(done) == count, last.stdout[-2000:]
    twice = [name for kept in (first, second) for name, stamp in kept.items() if done[name] != stamp]
    assert not twice, f"graded twice: {twice}"
    chosen = random.Random(1).sample(sorted(path.name for path in folder.iterdir()), min(sample, count))
    with ThreadPoolExecutor(jobs) as pool:
        alone = dict(
            zip(chosen, pool.map(lambda name: single(folder / name, place / "alone" / name), chosen), strict=True)
        )
    differ = [name for name in chosen if alone[name] != record(out / name / "result.json")]
    assert not differ, f"not as alone: {differ}"
    return {"results": len(done), "kept": [len(first), len(second)], "compared": len(chosen), "seconds": seconds}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--sample", type=int, default=20)
    parser.add_argument("-j", "--jobs", type=int, default=2)
    arguments = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    place = Path(tempfile.mkdtemp(prefix="class-"))
    try:
        print(json.dumps(rehearse(place, arguments.count, arguments.sample, arguments.jobs)))
    finally:
        shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    main()
