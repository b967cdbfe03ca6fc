"""`make bench`: what grading costs beside running, as ratios of medians measured in one run."""

from __future__ import annotations

import argparse
import contextlib
import gzip
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

try:
    from .bench_costs import Cost, Row, afresh, command, measure, shares, table
    from .bench_otter import assignment
    from .bench_plot import bars
except ImportError:  # as a script
    from bench_costs import (  # type: ignore[import-not-found, no-redef]
        Cost,
        Row,
        afresh,
        command,
        measure,
        shares,
        table,
    )
    from bench_otter import assignment  # type: ignore[import-not-found, no-redef]
    from bench_plot import bars  # type: ignore[import-not-found, no-redef]

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "reference" / "mnist_mlp.py"
SMALL = ROOT / "reference" / "regression_loop.py"
#: submissions of a class that is graded once only
MANY = 100
GRADE = (sys.executable, "-m", "grader.cli")
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
#: the same network, batches and optimizer over tensors that are ready, in their order: no loader, no transform
FLOOR = """
import sys, torch
torch.set_num_threads(1)
raw, labels = (open(f"{sys.argv[1]}/train-{name}", "rb").read() for name in ("images-idx3-ubyte", "labels-idx1-ubyte"))
x = torch.frombuffer(bytearray(raw[16:]), dtype=torch.uint8).view(-1, 784).float().div_(255).sub_(0.5).div_(0.5)
y = torch.frombuffer(bytearray(labels[8:]), dtype=torch.uint8).long()
model = torch.nn.Sequential(torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10))
criterion, optimizer = torch.nn.CrossEntropyLoss(), torch.optim.Adam(model.parameters(), lr=0.001)
for epoch in range(int(sys.argv[2])):
    for inputs, targets in zip(x.split(64), y.split(64)):
        loss = criterion(model(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
"""
#: what a course without a grader does: a test that runs the script in a process of its own
PYTEST = """
import runpy
def test_it_runs():
    runpy.run_path("submission.py", run_name="__main__")
"""
#: written by the script itself when its first optimizer step is over
FIRST_STEP = """
import time, torch
from torch.optim.optimizer import register_optimizer_step_post_hook
def told(*_):
    if not told.said:
        told.said = True
        print("FIRST", time.monotonic(), flush=True)
told.said = False
register_optimizer_step_post_hook(told)
"""


def torchvision_layout(data: Path, folder: Path) -> Path:
    """MNIST where a bare script looks for it: ./data/MNIST/raw."""
    raw = folder / "data" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for file in data.rglob("*-ubyte.gz"):
        (raw / file.stem).write_bytes(gzip.decompress(file.read_bytes()))
    return raw


def mnist(script: Path, data: Path, turns: int, folder: Path) -> list[Row]:
    """Five epochs: bare, graded, and the floor."""
    copy = Path(shutil.copy(script, folder / "submission.py"))
    raw = torchvision_layout(data, folder)
    runs = {
        "`python submission.py`": command(sys.executable, "-c", BARE, ROOT / "grader" / "worker", copy, folder=folder),
        "`grade submission.py`": command(*GRADE, "--data-root", data, copy, folder=folder, allowed=(0, 1)),
        "a loop over ready tensors": command(sys.executable, "-c", FLOOR, raw, "5", folder=folder),
    }
    return list(measure(runs, turns).values())


def answers(turns: int, folder: Path) -> list[Row]:
    """What needs no torch."""
    broken = folder / "broken.py"
    broken.write_text("import torchvision\ntorchvision.datasets.MNIST(\n")
    runs = {
        "`grade --help`": command(*GRADE, "--help", folder=folder),
        "`grade broken.py` (a syntax error)": command(*GRADE, broken, folder=folder, allowed=(1,)),
    }
    return list(measure(runs, turns).values())


@dataclass(frozen=True)
class Class:
    """Submissions that differ in a comment, and how one of them is run without a grader."""

    what: str
    exercise: str
    source: str
    #: the program and its arguments before the script's path
    bare: tuple[str | Path, ...]
    options: tuple[str | Path, ...] = ()
    #: beside pytest and otter too
    beside_others: bool = False


def small() -> Class:
    """The regression exercise: 200 steps on data of its own."""
    return Class("regression", "regression-loop", SMALL.read_text(), (sys.executable,), beside_others=True)


def on_mnist(script: Path, data: Path) -> Class:
    """One epoch of MNIST."""
    bare = (sys.executable, "-c", BARE, ROOT / "grader" / "worker")
    source = script.read_text().replace("EPOCHS = 5", "EPOCHS = 1")
    return Class("MNIST, 1 epoch", "mnist-mlp", source, bare, ("--data-root", data))


def a_class(kind: Class, count: int, turns: int, folder: Path, otter: Path | None) -> list[Row]:
    """A class beside its submissions run one after another, bare or in a process each of something else.

    What is run for each submission is run once in a turn, and counted as often as there are submissions.
    """
    submissions, one, out = (folder / f"{name}-{kind.exercise}-{count}" for name in ("class", "one", "out"))
    submissions.mkdir()
    one.mkdir()
    source = f"# exercise: {kind.exercise}\n{kind.source}"
    for number in range(count):
        (submissions / f"student{number:03}.py").write_text(f"{source}\n# student {number}\n")
    (one / "submission.py").write_text(source)
    graded = (*GRADE, "-j", "2", "--quiet", *kind.options, "--out", out, submissions)
    runs = {
        f"{count} times `python submission.py` ({kind.what})": command(
            *kind.bare, one / "submission.py", folder=folder
        ),
        f"`grade class/ -j 2` ({count} of {kind.what})": afresh(command(*graded, folder=folder, allowed=(0, 1)), out),
        **(others(count, one, otter) if kind.beside_others else {}),
    }
    rows = measure(runs, turns)
    for what, row in rows.items():
        row.times = count if what.startswith(str(count)) else 1
    return list(rows.values())


def others(count: int, one: Path, otter: Path | None) -> dict[str, Callable[[], Cost]]:
    """The same submission in a process each of pytest, and of Otter where that is installed."""
    (one / "test_submission.py").write_text(PYTEST)
    pytest = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_submission.py")
    found = {f"{count} times `pytest`": command(*pytest, folder=one)}
    if otter is not None:
        assignment(otter, one)
        path = f"PATH={otter.parent}:{os.environ['PATH']}"
        run = ("env", path, otter, "run", "--no-logo", "-o", "graded", "submission.py")
        found[f"{count} times `otter run`"] = command(*run, folder=one)
    return found


def first_step(turns: int) -> float:
    """Seconds from asking a server that is ready for a fork to the end of the submission's first optimizer step."""
    from grader.model import Limits, RunSpec, SubmissionKind
    from grader.sandbox import Session
    from grader.sandbox.bubblewrap import Bubblewrap
    from grader.sandbox.warm import Warm

    source = (FIRST_STEP + SMALL.read_text()).encode()
    spec = RunSpec({"submission.py": source}, "submission.py", SubmissionKind.SCRIPT, Limits())
    warm, seconds = Warm(Bubblewrap()), []
    try:
        if not warm.probe().works:
            return float("nan")
        for _ in range(3 * turns):
            begun = time.monotonic()
            with Session(warm, spec) as session:
                said = session.run().stdout.text
            [line] = [line for line in said.splitlines() if line.startswith("FIRST")]
            seconds.append(float(line.split()[1]) - begun)
    finally:
        warm.close()
    return statistics.median(seconds)


def further_worker(script: Path, data: Path) -> float:
    """MB (proportional set size) that a second trained worker of one warm server adds on MNIST."""
    from grader.data.mnist import MnistProvider
    from grader.model import Limits, RunSpec, SubmissionKind
    from grader.sandbox import Session
    from grader.sandbox.bubblewrap import Bubblewrap
    from grader.sandbox.warm import Warm

    dataset, warm = MnistProvider().open(data), Warm(Bubblewrap())
    files = {"submission.py": script.read_bytes()}
    spec = RunSpec(
        files, "submission.py", SubmissionKind.SCRIPT, Limits(), data=dataset and dataset.folder, dataset="mnist"
    )
    try:
        with Session(warm, spec) as one, Session(warm, spec) as another:
            one.run()
            before = proportional()
            another.run()
            return proportional() - before
    finally:
        warm.close()


def proportional() -> float:
    """MB of everything below this process."""
    from grader.sandbox.processes import tree

    total = 0
    for process in tree(os.getpid())[1:]:
        with contextlib.suppress(OSError):
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
            total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-root", type=Path, default=os.environ.get("GRADE_DATA"), help="folder with MNIST")
    parser.add_argument("--script", type=Path, default=REFERENCE, help="the training script to time")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument(
        "--class-size",
        type=int,
        action="append",
        help=f"repeatable (default: 20; {MANY} and more in one turn, which takes minutes)",
    )
    parser.add_argument(
        "--otter", type=lambda name: Path(name).absolute(), help="the otter program, to be compared with"
    )
    parser.add_argument("--plot", type=Path, help="write the ratios as an SVG")
    arguments = parser.parse_args()
    tables = []
    kinds = [small()]
    if arguments.data_root:
        kinds.append(on_mnist(arguments.script, Path(arguments.data_root).resolve()))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if arguments.data_root:
            tables.append(mnist(arguments.script, Path(arguments.data_root).resolve(), arguments.turns, folder))
            print(table(tables[-1]), flush=True)
        for size in arguments.class_size or [20]:
            turns = arguments.turns if size < MANY else 1
            for kind in kinds:
                tables.append(a_class(kind, size, turns, folder, arguments.otter))
                print(f"\n{table(tables[-1])}", flush=True)
        print(f"\n{table(answers(arguments.turns, folder))}", flush=True)
        step = first_step(arguments.turns)
        added = further_worker(arguments.script, Path(arguments.data_root).resolve()) if arguments.data_root else None
    print(f"\nload when it was over: {json.dumps(os.getloadavg())}")
    print(f"from a ready warm server to the end of the first optimizer step: {step:.3f} s")
    if added is not None:
        print(f"memory that a further worker adds on MNIST: {added:.0f} MB")
    if arguments.plot:
        arguments.plot.write_text(bars(shares(tables)))


if __name__ == "__main__":
    main()
