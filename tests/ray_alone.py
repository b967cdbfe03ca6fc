"""Many machines: the same results as here, and a machine that is lost costs nothing but time."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from grader.batch import Task, jobs_for
from grader.engines import Engine, Job
from grader.engines.local import LocalEngine
from grader.engines.ray import Answer, RayEngine
from grader.errors import UsageError
from grader.layouts import Entry
from grader.note import Note
from grader.staging import stage

CORRECT = (Path(__file__).resolve().parent / "submissions" / "regression-loop" / "functions.py").read_text()
INSTALLED = importlib.util.find_spec("ray") is not None
needs_ray = pytest.mark.skipif(not INSTALLED, reason="Ray is not installed (the extra `ray` brings it)")
#: where a run's own time, memory and place in the file system differ
MEASURED = ("wall_seconds", "peak_memory_mb")
SOURCES = {
    "ana.py": CORRECT,
    "ben.py": CORRECT.replace("            optimizer.zero_grad()\n", ""),
    "carla.py": "# exercise: regression-loop\nfor x in\n",
    "dora.py": "# exercise: regression-loop\nimport os\nos.kill(os.getpid(), 9)\n",
    "ema.py": "# exercise: no-such-exercise\n",
    "fay.py": CORRECT,
}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head that computes nothing, and three machines of one processor each."""
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    for _ in range(3):
        made.add_node(num_cpus=1)
    made.wait_for_nodes()
    yield made
    made.shutdown()


def jobs(tmp_path: Path, out: str) -> list[Job]:
    tasks = []
    for name, source in SOURCES.items():
        path = tmp_path / "in" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(source)
        tasks.append(Task(stage(Entry(name, ((name, path),)), tmp_path / out / "staged" / name), Note()))
    return jobs_for(tasks, tmp_path / out, ["--format", "html"], tmp_path / out / "notes")


def graded(engine: Engine, todo: list[Job]) -> dict[str, tuple[int, dict[str, object]]]:
    """Exit codes and results, without what is measured."""
    found: dict[str, tuple[int, dict[str, object]]] = {}
    for finished in engine.run(todo, 2):
        path = finished.job.folder / "result.json"
        record = json.loads(path.read_text()) if path.exists() else {}
        for name in MEASURED if record else ():
            record["run"].pop(name)
        found[finished.job.name] = finished.code, record
    return found


@needs_ray
def test_a_cluster_gives_the_results_of_this_machine_and_a_lost_one_costs_none(cluster: Any, tmp_path: Path) -> None:
    """One of three machines is killed in the middle: what it had is graded elsewhere; a crash is not tried again."""
    engine = RayEngine().at(cluster.address)
    found = {}
    lost = False
    for finished in engine.run(jobs(tmp_path, "remote"), 2):
        found[finished.job.name] = finished.code
        if not lost:
            cluster.remove_node(sorted(cluster.worker_nodes, key=str)[0], allow_graceful=False)
            lost = True
    here = graded(LocalEngine(), jobs(tmp_path, "local"))
    assert found == {name: code for name, (code, _) in here.items()}
    for name, (_, record) in here.items():
        path = tmp_path / "remote" / name / "result.json"
        there = json.loads(path.read_text()) if path.exists() else {}
        for key in MEASURED if there else ():
            there["run"].pop(key)
        assert there == record, name
    assert (tmp_path / "remote" / "ana.py" / "report.html").is_file()


@needs_ray
def test_an_address_where_nobody_is_is_told(tmp_path: Path) -> None:
    """In a line, before anything is sent."""
    with pytest.raises(UsageError, match=r"--address: 127\.0\.0\.1:1: "):
        next(iter(RayEngine().at("127.0.0.1:1").run(jobs(tmp_path, "out"), 1)))


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Ray is imported when it is asked for, and never otherwise."""
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError, match=r"pip install gradeloop\[ray\]"):
        next(iter(RayEngine().run(jobs(tmp_path, "out"), 1)))


def test_an_engine_at_an_address_is_another_one() -> None:
    """The one that plugins offer stays as it is."""
    assert (RayEngine().at("auto"), RayEngine().address) == (replace(RayEngine(), address="auto"), None)


class LostError(Exception):
    """What Ray raises for a task that it gave up."""


class PretendRay:
    """A cluster of two processors on which every task is done when it is waited for, or lost."""

    exceptions = SimpleNamespace(RayError=LostError)

    def __init__(self, lost: str) -> None:
        self.lost = lost
        self.most = 0
        self.under_way: set[str] = set()

    def is_initialized(self) -> bool:
        return True

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": 2.0}

    def remote(self, function: object) -> SimpleNamespace:
        """The task; what it is told with `options` is handed over with `remote`."""
        return SimpleNamespace(options=lambda **told: SimpleNamespace(remote=lambda *_: self.hand_over(told)))

    def hand_over(self, told: dict[str, Any]) -> str:
        assert (told["num_cpus"], told["num_gpus"], told["retry_exceptions"]) == (1.0, 0.0, False)
        self.under_way.add(told["name"])
        self.most = max(self.most, len(self.under_way))
        return str(told["name"])

    def wait(self, references: list[str], num_returns: int) -> tuple[list[str], list[str]]:
        return references[:1], references[1:]

    def get(self, reference: str) -> Answer:
        self.under_way.remove(reference)
        if reference == self.lost:
            raise LostError
        return Answer(0, "", {"result.json": reference.encode()})


def test_only_what_can_run_soon_is_handed_over_and_a_lost_task_is_our_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice as many as there are processors; what was lost too often ends as exit code 3, the rest is written."""
    ray = PretendRay(lost="dora.py")
    monkeypatch.setitem(sys.modules, "ray", ray)
    ends = {finished.job.name: finished.code for finished in RayEngine().run(jobs(tmp_path, "out"), 1)}
    assert ends == {name: 3 if name == "dora.py" else 0 for name in SOURCES}
    assert ray.most == 4
    assert (tmp_path / "out" / "ana.py" / "result.json").read_text() == "ana.py"
