"""`make bench`: what grading costs beside running, as ratios of medians measured in one run."""

from __future__ import annotations

import argparse
import gzip
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "reference" / "mnist_mlp.py"
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
#: what a script's own process needs to import torchvision beside a CPU-only torch: the worker's repair
BARE = """
import importlib.util, runpy, sys
spec = importlib.util.spec_from_file_location("gradeloop_worker", sys.argv[1] + "/__init__.py",
                                              submodule_search_locations=[sys.argv[1]])
package = importlib.util.module_from_spec(spec)
sys.modules["gradeloop_worker"] = package
spec.loader.exec_module(package)
import torch
torch.set_num_threads(1)
from gradeloop_worker import offered_data
offered_data.install(None, None)
runpy.run_path(sys.argv[2], run_name="__main__")
"""


@dataclass(frozen=True)
class Row:
    """One line of the table: seconds of each, over several turns."""

    what: str
    seconds: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def timed(run: Callable[[], None]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def command(*parts: str | Path, folder: Path, allowed: Iterable[int] = (0,)) -> Callable[[], None]:
    """A command as a function; its output is thrown away, an unexpected end is not."""

    def run() -> None:
        environment = {**os.environ, **ONE_THREAD}
        done = subprocess.run([*map(str, parts)], cwd=folder, env=environment, capture_output=True, text=True)
        if done.returncode not in allowed:
            raise SystemExit(f"{parts}: exit {done.returncode}\n{done.stderr}")

    return run


def torchvision_layout(data: Path, folder: Path) -> None:
    """MNIST where a bare script looks for it: ./data/MNIST/raw."""
    raw = folder / "data" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for file in data.rglob("*-ubyte.gz"):
        (raw / file.stem).write_bytes(gzip.decompress(file.read_bytes()))


def measure(script: Path, data: Path | None, turns: int) -> list[Row]:
    grade = [sys.executable, "-m", "grader.cli"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy = Path(shutil.copy(script, folder / "submission.py"))
        broken = folder / "broken.py"
        broken.write_text("import torchvision\ntorchvision.datasets.MNIST(\n")
        root = ["--data-root", data] if data else ["--dataset", "digits"]
        runs = {
            "grade --help": command(*grade, "--help", folder=folder),
            "grade broken.py (a syntax error)": command(*grade, broken, folder=folder, allowed=(1,)),
            "grade submission.py": command(*grade, *root, copy, folder=folder, allowed=(0, 1)),
        }
        if data:
            torchvision_layout(data, folder)
            bare = command(sys.executable, "-c", BARE, ROOT / "grader" / "worker", copy, folder=folder)
            runs = {"python submission.py": bare, **runs}
        seconds: dict[str, list[float]] = {what: [] for what in runs}
        for _ in range(turns):
            for what, run in runs.items():
                seconds[what].append(timed(run))
    return [Row(what, values) for what, values in seconds.items()]


def table(rows: list[Row]) -> str:
    """Median, spread, and the ratio to the first row."""
    base = rows[0].median
    lines = ["| what | median s | min to max s | ratio to the first |", "|---|---|---|---|"]
    for row in rows:
        spread = f"{min(row.seconds):.2f} to {max(row.seconds):.2f}"
        lines.append(f"| {row.what} | {row.median:.2f} | {spread} | {row.median / base:.2f} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-root", type=Path, default=os.environ.get("GRADE_DATA"), help="folder with MNIST")
    parser.add_argument("--script", type=Path, default=REFERENCE, help="the training script to time")
    parser.add_argument("--turns", type=int, default=3)
    arguments = parser.parse_args()
    data = Path(arguments.data_root).resolve() if arguments.data_root else None
    print(table(measure(arguments.script, data, arguments.turns)))


if __name__ == "__main__":
    main()
