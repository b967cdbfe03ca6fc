"""What a command costs, measured by turns, and tables of it: used by the benches."""

from __future__ import annotations

import contextlib
import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Cost:
    """Of one run: seconds on the clock, and of all processors together where the kernel counts them for us."""

    wall: float
    cpu: float | None


@dataclass
class Row:
    """One line of a table: what it cost, over several turns. `times`: how many such runs it stands for."""

    what: str
    costs: list[Cost] = field(default_factory=list)
    times: int = 1

    @property
    def wall(self) -> float:
        return self.times * statistics.median(cost.wall for cost in self.costs)

    @property
    def cpu(self) -> float | None:
        known = [cost.cpu for cost in self.costs if cost.cpu is not None]
        return self.times * statistics.median(known) if known else None


@contextlib.contextmanager
def counted() -> Iterator[Path | None]:
    """A control group that counts processor time of all that is started in it, also of forks that nobody waits for."""
    for place, name in (("/sys/fs/cgroup/cpuacct", "cpuacct.usage"), ("/sys/fs/cgroup", "cpu.stat")):
        group = Path(place) / f"gradeloop-bench-{os.getpid()}"
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            yield group / name if (group / name).exists() else None
        finally:
            with contextlib.suppress(OSError):
                group.rmdir()
        return
    yield None


def used(counter: Path) -> float:
    text = counter.read_text()
    return int(text) / 1e9 if counter.name == "cpuacct.usage" else int(text.split()[1]) / 1e6


def command(*parts: str | Path, folder: Path, allowed: Iterable[int] = (0,)) -> Callable[[], Cost]:
    """A command as a function; its output is thrown away, an unexpected end is not."""

    def run() -> Cost:
        with counted() as counter:
            enter = None if counter is None else str(counter.parent / "cgroup.procs")
            start = time.perf_counter()
            done = subprocess.run(
                ["/bin/sh", "-c", 'test -z "$0" || echo $$ > "$0"; exec "$@"', enter or "", *map(str, parts)],
                cwd=folder,
                env={**os.environ, **ONE_THREAD},
                capture_output=True,
                text=True,
            )
            wall = time.perf_counter() - start
            if done.returncode not in allowed:
                raise SystemExit(f"{parts}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
            return Cost(wall, used(counter) if counter is not None else None)

    return run


def afresh(run: Callable[[], Cost], out: Path) -> Callable[[], Cost]:
    """The same without results of an earlier turn."""

    def removed_first() -> Cost:
        shutil.rmtree(out, ignore_errors=True)
        return run()

    return removed_first


def measure(runs: Mapping[str, Callable[[], Cost]], turns: int) -> dict[str, Row]:
    """Each of them in turn, so that a slow minute of the machine meets them all."""
    rows = {what: Row(what) for what in runs}
    for _ in range(turns):
        for what, run in runs.items():
            rows[what].costs.append(run())
    return rows


def table(rows: list[Row]) -> str:
    """Medians, spread, and ratios to the first row."""
    base = rows[0]
    lines = ["| what | seconds | min to max | ratio | processor seconds | ratio |", "|---|---|---|---|---|---|"]
    for row in rows:
        walls = [row.times * cost.wall for cost in row.costs]
        cpu = "– | –" if row.cpu is None or not base.cpu else f"{row.cpu:.1f} | {row.cpu / base.cpu:.2f}"
        spread = f"{min(walls):.1f} to {max(walls):.1f}"
        lines.append(f"| {row.what} | {row.wall:.1f} | {spread} | {row.wall / base.wall:.2f} | {cpu} |")
    return "\n".join(lines)


def shares(tables: list[list[Row]]) -> list[tuple[str, float]]:
    """For the plot: each row beside the first of its table, by processor time where it is known."""
    found = []
    for rows in tables:
        for row in rows:
            known = row.cpu is not None and rows[0].cpu
            found.append((row.what.replace("`", ""), row.cpu / rows[0].cpu if known else row.wall / rows[0].wall))  # type: ignore[operator]
    return found
