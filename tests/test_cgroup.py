"""A control group for each run: against folders that behave as the kernel's do, and against this kernel."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.model import Limits, Run, RunSpec, RunStatus, SubmissionKind
from grader.sandbox import SandboxBackend, Session, cgroup
from grader.sandbox.bubblewrap import Bubblewrap
from grader.sandbox.landlock import Landlock
from grader.sandbox.processes import Usage, birth
from grader.sandbox.unconfined import Unconfined

LIMITS = Limits(memory_mb=300, processes=10)
SECOND = ("memory.max", "memory.swap.max", "memory.events", "memory.peak", "memory.stat",
          "pids.max", "cgroup.procs", "cgroup.kill")  # fmt: skip
FIRST = ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.oom_control", "memory.max_usage_in_bytes",
         "memory.stat", "cgroup.procs")  # fmt: skip


class Kernel:
    """Folders where a new one is born with files, as in the kernel's own; `open_to`: where any may be made."""

    def __init__(self, top: Path, own: str, open_to: str) -> None:
        self.top = top
        self.own = top.parent / "own"
        self.own.write_text(own)
        self.open_to = open_to
        self.born: list[Path] = []

    def create(self, path: Path) -> None:
        place = path.parent.relative_to(self.top).as_posix()
        if place.removeprefix("memory/").removeprefix("pids/") != self.open_to:
            raise PermissionError(path)
        path.mkdir()
        second = (self.top / "cgroup.controllers").exists()
        names = SECOND if second else ("pids.max", "cgroup.procs") if place.startswith("pids") else FIRST
        for name in names:
            (path / name).touch()
        self.born.append(path)

    def remove(self, path: Path) -> None:
        if (path / "cgroup.procs").read_text():
            raise OSError("busy")
        for file in path.iterdir():
            file.unlink()
        path.rmdir()


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Kernel:
    """The second version with a group of a user's session, or the first with a group for each controller."""
    top = tmp_path / "cgroup"
    if getattr(request, "param", "second") == "second":
        (top / "user" / "app" / "shell").mkdir(parents=True)
        (top / "cgroup.controllers").write_text("memory pids")
        found = Kernel(top, "0::/user/app/shell\n", "user/app")
    else:
        (top / "memory" / "user").mkdir(parents=True)
        (top / "pids" / "user").mkdir(parents=True)
        found = Kernel(top, "9:cpu,cpuacct:/x\n4:memory:/user\n3:pids:/user\n", "user")
    monkeypatch.setattr(cgroup, "create_folder", found.create)
    monkeypatch.setattr(cgroup, "remove_folder", found.remove)
    return found


@pytest.fixture
def bystander() -> Iterator[int]:
    """A process that waits."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        yield process.pid
        process.kill()


def enter(kernel: Kernel, process: int) -> cgroup.Group | None:
    return cgroup.enter(process, 2, LIMITS, kernel.top, kernel.own)


def read(folder: Path | None, *names: str) -> list[str]:
    assert folder is not None
    return [(folder / name).read_text() for name in names]


def test_the_second_version_gets_its_limits(kernel: Kernel, bystander: int) -> None:
    """Memory to the byte without swap, a few tasks more than are allowed; the process moved."""
    group = enter(kernel, bystander)
    assert group is not None
    assert group.memory.parent.name == "app", "our own group is closed, the one above it is not"
    found = read(group.memory, "memory.max", "memory.swap.max", "pids.max", "cgroup.procs")
    assert found == [str(300 << 20), "0", "28", str(bystander)]


@pytest.mark.parametrize("kernel", ["first"], indirect=True)
def test_the_first_version_gets_its_limits(kernel: Kernel, bystander: int) -> None:
    """Memory and the number of tasks are two folders there."""
    group = enter(kernel, bystander)
    assert group is not None
    assert read(group.memory, "memory.limit_in_bytes", "memory.memsw.limit_in_bytes") == [str(300 << 20)] * 2
    assert read(group.tasks, "pids.max", "cgroup.procs") == ["28", str(bystander)]


@pytest.mark.parametrize("kernel", ["first", "second"], indirect=True)
def test_what_the_kernel_has_killed_is_seen(kernel: Kernel, bystander: int) -> None:
    """A limit that was only touched is none that was exceeded."""
    group = enter(kernel, bystander)
    assert group is not None
    events = group.memory / group.files.events
    events.write_text("max 3\noom_kill 0\n")
    assert not group.ran_out()
    events.write_text("max 3\noom_kill 2\n")
    assert group.ran_out()


@pytest.mark.parametrize("kernel", ["first", "second"], indirect=True)
def test_files_kept_at_hand_are_nobody_s_memory(kernel: Kernel, bystander: int) -> None:
    """The peak without the page cache; shared memory lies in the page cache and does count."""
    group = enter(kernel, bystander)
    assert group is not None
    (group.memory / group.files.peak).write_text("1000\n")
    (group.memory / "memory.stat").write_text(f"{group.files.page_cache} 400\nshmem 100\n")
    assert group.peak() == 700


def test_where_nothing_may_be_made_there_is_no_group(kernel: Kernel, bystander: int) -> None:
    """A container whose folder is read-only: watching has to do, and doctor says what would help."""
    kernel.open_to = "nowhere"
    assert enter(kernel, bystander) is None
    layer = cgroup.probe(kernel.top, kernel.own)
    assert (layer.holds, bool(layer.detail), bool(layer.fix)) == (False, True, True)


@pytest.mark.parametrize(("limit", "outside"), [("max", True), (str(1 << 62), True), (str(1 << 30), False)])
def test_a_limit_that_somebody_has_set_is_not_left(kernel: Kernel, bystander: int, limit: str, outside: bool) -> None:
    """Where the grader's own group has one and allows none below, a run gets none beside it either."""
    (kernel.top / "user" / "app" / "shell" / "memory.max").write_text(limit)
    assert (cgroup.enter(bystander, 0, LIMITS, kernel.top, kernel.own) is not None) is outside


def test_a_group_without_the_memory_controller_is_given_back(
    kernel: Kernel, bystander: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was made, it cannot limit anything, and it is gone."""
    monkeypatch.setattr(sys.modules[__name__], "SECOND", ("cgroup.procs",))
    assert enter(kernel, bystander) is None
    assert kernel.born
    assert not any(path.exists() for path in kernel.born)


def test_groups_of_graders_that_are_no_more_are_removed(kernel: Kernel, bystander: int) -> None:
    """One of ours that lives stays; so does one where somebody still is."""
    gone, busy, ours = (
        kernel.top / "user" / "app" / f"gradeloop-{name}"
        for name in ("1-7-1", "1-7-2", f"{os.getpid()}-{birth(os.getpid())}-1")
    )
    for folder in (gone, busy, ours):
        kernel.create(folder)
    (busy / "cgroup.procs").write_text("1")
    enter(kernel, bystander)
    assert (gone.exists(), busy.exists(), ours.exists()) == (False, True, True)


# -- this kernel ------------------------------------------------------------------------------------------------


@pytest.fixture
def delegated() -> None:
    """Skip where this machine lets us make no group."""
    layer = cgroup.probe()
    if not layer.holds:
        pytest.skip(f"no control group can be made here: {layer.detail}")


@pytest.fixture(params=[Bubblewrap, Landlock, Unconfined])
def backend(request: pytest.FixtureRequest, delegated: None) -> SandboxBackend:
    """Every way to start a worker that works here."""
    found: SandboxBackend = request.param()
    if not found.probe().works:
        pytest.skip(f"{found.name} does not work here")
    return found


def run(backend: SandboxBackend, source: str) -> Run:
    limits = Limits(wall_seconds=60, memory_mb=600, processes=32)
    spec = RunSpec({"submission.py": source.encode()}, "submission.py", SubmissionKind.SCRIPT, limits)
    with Session(backend, spec) as session:
        return session.run()


def test_the_kernel_keeps_the_limit(backend: SandboxBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several processes, each below its own limit, are stopped although nobody looks; no group is left."""
    monkeypatch.setattr("grader.sandbox.supervisor.usage", lambda root, limit, clock: Usage())
    bomb = (
        "import os, time\n"
        "for _ in range(4):\n"
        "    if os.fork() == 0:\n"
        "        held = b'x' * (250 << 20)\n"
        "        time.sleep(60)\n"
        "time.sleep(60)\n"
    )
    found = run(backend, bomb)
    assert (found.status, found.limit) == (RunStatus.OUT_OF_MEMORY, 600.0), found.stderr.text
    assert not list(cgroup.MOUNTED.rglob(f"gradeloop-{os.getpid()}-*"))


def test_a_peak_between_two_looks_is_in_the_result(backend: SandboxBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was there for a moment only."""
    monkeypatch.setattr("grader.sandbox.supervisor.usage", lambda root, limit, clock: Usage())
    found = run(backend, "held = b'x' * (150 << 20)\ndel held\n")
    assert found.status is RunStatus.COMPLETED, found.stderr.text
    assert 150 <= found.peak_memory_mb < 600


def test_killing_a_group_ends_what_has_run_away(delegated: None) -> None:
    """A process that left its parent and its session is still a member."""
    command = "(setsid sleep 600 >/dev/null 2>&1 &); cat"
    with subprocess.Popen(["sh", "-c", f"read go; {command}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as shell:
        group = cgroup.enter(shell.pid, 0, LIMITS)
        assert group is not None and shell.stdin is not None and shell.stdout is not None
        shell.stdin.write(b"go\nhello\n")
        shell.stdin.flush()
        shell.stdout.readline()
        members = [int(word) for word in (group.memory / "cgroup.procs").read_text().split()]
        group.kill()
    assert len(members) >= 2
    assert not any(birth(member) for member in members)
    group.remove()
    assert not group.memory.exists()
