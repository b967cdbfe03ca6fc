"""What an engine costs beside the gradings: 10, 100 and 1 000 simulated ones, each a wait, on a few places at once.

`python tests/bench_scaling.py [--counts 10 100 1000] [--seconds 0.5] [--places 8] [--engines local ray]`
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from grader.batch import Task, jobs_for
from grader.engines import Engine
from grader.engines.local import LocalEngine
from grader.engines.ray import RayEngine
from grader.layouts import Entry
from grader.note import Note
from grader.result import to_json
from grader.staging import stage

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from tests.sample_results import not_cleared  # noqa: E402 - needs the line above


def tasks(place: Path, count: int) -> list[Task]:
    """Submissions of two lines, staged as a batch does it."""
    made = []
    for number in range(count):
        path = place / "in" / f"{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# exercise: regression-loop\nx = {number}\n")
        made.append(Task(stage(Entry(path.name, ((path.name, path),)), place / "staged" / path.name), Note()))
    return made


def measure(engine: Engine, count: int, places: int) -> tuple[float, float]:
    """Seconds until the last result is there, and of staging before."""
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        todo = tasks(Path(folder), count)
        jobs = jobs_for(todo, Path(folder) / "out", [], Path(folder) / "notes")
        staged = time.perf_counter()
        codes = [finished.code for finished in engine.run(jobs, places)]
        ended = time.perf_counter()
        written = len(list((Path(folder) / "out").glob("*/result.json")))
        assert (codes, written) == ([0] * count, count)
    return ended - staged, staged - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counts", type=int, nargs="+", default=[10, 100, 1000])
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--places", type=int, default=8)
    parser.add_argument("--engines", nargs="+", default=["local", "ray"])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        result.write_text(to_json(not_cleared()))
        command = (sys.executable, str(ROOT / "tests" / "simulated_grading.py"), str(arguments.seconds), str(result))
        engines: dict[str, Engine] = {"local": LocalEngine(command), "ray": RayEngine(command=command)}
        print("engine  submissions  ideal s  took s  beside the waiting, ms each  staging, ms each")
        for name in arguments.engines:
            for count in arguments.counts:
                ideal = arguments.seconds * -(-count // arguments.places)
                took, staging = measure(engines[name], count, arguments.places)
                beside, each = 1000 * (took - ideal) / count, 1000 * staging / count
                print(f"{name:6}  {count:11}  {ideal:7.1f}  {took:6.1f}  {beside:27.1f}  {each:16.1f}", flush=True)


if __name__ == "__main__":
    main()
