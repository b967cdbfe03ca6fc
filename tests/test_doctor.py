"""What `grade doctor` says of sandboxes, and a sandbox of somebody's own."""

from __future__ import annotations

import os
import re
import types
from pathlib import Path

import pytest

from grader.doctor import sandboxes
from grader.model import Layer, Limits, Probe, Run, RunSpec, RunStatus, SubmissionKind
from grader.plugin_manager import create_manager
from grader.sandbox import Pipes, SandboxBackend, Session, Worker, choose
from grader.sandbox.plugin import grader_sandboxes
from grader.sandbox.probe import try_to_break_out, with_identity
from grader.sandbox.unconfined import Unconfined

DOCS = Path(__file__).parents[1] / "docs" / "plugins.md"


def _example() -> types.ModuleType:
    [code] = [
        part
        for part in re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
        if "Gentle" in part
    ]
    module = types.ModuleType("gentle")
    exec(compile(code, "docs/plugins.md", "exec"), vars(module))
    return module


@pytest.fixture(scope="module")
def offered() -> list[SandboxBackend]:
    """Every backend, with the one that the docs show."""
    manager = create_manager(third_party=False)
    manager.register(_example())
    return [backend for found in manager.hook.grader_sandboxes() for backend in found]


def _run(backend: SandboxBackend, source: str) -> Run:
    limits = Limits(wall_seconds=20, cpu_seconds=30, memory_mb=1500, processes=32)
    spec = RunSpec({"submission.py": source.encode()}, "submission.py", SubmissionKind.SCRIPT, limits)
    with Session(backend, spec) as session:
        return session.run()


def test_the_sandbox_of_the_docs_holds(offered: list[SandboxBackend]) -> None:
    """It is offered first, tried like any other, and named in the result of a run."""
    assert offered[0].name == "gentle"
    if not _landlock().probe().works:
        pytest.skip("it is made of Landlock, which does not work here")
    backend, probe = choose(offered)
    assert backend.name == "gentle", probe.reason
    run = _run(backend, "import os\nprint(os.nice(0))")
    assert run.status is RunStatus.COMPLETED, run.stderr.text
    assert run.sandbox.removesuffix("+cgroup") == "gentle+landlock+seccomp"
    assert run.stdout.text.strip() == "19"


def test_the_sandbox_of_the_docs_refuses(offered: list[SandboxBackend], tmp_path: Path) -> None:
    """Whatever starts the worker, the walls are there."""
    if not _landlock().probe().works:
        pytest.skip("it is made of Landlock, which does not work here")
    (tmp_path / "secret").write_text("seen")
    run = _run(offered[0], f"print(open({str(tmp_path / 'secret')!r}).read())")
    assert run.status is RunStatus.CRASHED
    assert "seen" not in run.stdout.text


class _Boasts(Unconfined):
    """Calls itself a sandbox and is none."""

    name = "boasts"

    def probe(self) -> Probe:
        return try_to_break_out(self, lambda reason: "")


def test_a_sandbox_without_walls_does_not_work() -> None:
    """What a backend says of itself counts for nothing: its canary broke out."""
    probe = _Boasts().probe()
    assert not probe.works
    assert probe.reason == "a process outside could be killed"


class _Broken:
    """Cannot start anything."""

    name = "broken"

    def probe(self) -> Probe:
        return try_to_break_out(self, lambda reason: "sudo mend it")

    def launch(self, spec: RunSpec, pipes: Pipes) -> Worker:
        raise OSError("no such device")


def test_a_sandbox_that_cannot_start_is_told_with_its_fix() -> None:
    """The table says no; below it stand the reason and the command."""
    lines = sandboxes({"broken": _Broken().probe()})
    assert lines[-2:] == ["broken: worker: no such device", "    try: sudo mend it"]
    assert [line.split()[-1] for line in lines if line.startswith("works here")] == ["no"]


def test_the_table_has_a_row_for_each_layer_and_a_column_for_each_backend() -> None:
    """A layer that a backend does not know is a dash; what holds needs no note."""
    one = Probe(True, (Layer("files", True, fix="never shown"), Layer("seccomp", False, "too old", "a newer kernel")))
    two = Probe(False, (Layer("files", False),), "does not hold here: files")
    assert sandboxes({"one": one, "other": two}) == [
        "            one  other",
        "files       yes  no",
        "seccomp     no   –",
        "works here  yes  no",
        "one: seccomp: too old",
        "    try: a newer kernel",
        "other: does not hold here: files",
    ]


def test_a_fix_for_what_holds_is_not_advertised() -> None:
    """The error that says that nothing works names what would mend it, and only that."""
    probe = Probe(False, (Layer("seccomp", True, fix="nothing"), Layer("files", False, fix="something")), "files")

    class Fails(_Broken):
        def probe(self) -> Probe:
            return probe

    with pytest.raises(Exception, match="broken: files; something \\|"):
        choose([Fails()])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a name to lose")
@pytest.mark.parametrize("identity", [None, 1_610_612_736])
def test_doctor_says_whether_root_stays_root(identity: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Python lies in root's own home a run cannot be somebody else: that is said, with what would mend it."""
    monkeypatch.setattr("grader.sandbox.room.throwaway_identity", lambda spec, walk: identity)
    [layer] = with_identity(Probe(True), walk=True).layers
    assert layer.holds is (identity is not None)
    assert bool(layer.fix) is (identity is None)


def _landlock() -> SandboxBackend:
    return next(backend for backend in grader_sandboxes() if backend.name == "landlock")
