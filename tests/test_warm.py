"""The warm server: its forks are as good as new processes, it survives them, and it is replaced when it dies."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from grader.errors import SandboxError
from grader.model import Limits, Probe, Run, RunSpec, RunStatus, SubmissionKind
from grader.sandbox import Pipes, Session, Worker, choose, prepare
from grader.sandbox.bubblewrap import Bubblewrap
from grader.sandbox.pipes import close_all, open_pipes
from grader.sandbox.processes import living, tree
from grader.sandbox.server import Server
from grader.sandbox.unconfined import Unconfined
from grader.sandbox.warm import Warm, WarmWorker

pytestmark = pytest.mark.bubblewrap

LIMITS = Limits(wall_seconds=20, cpu_seconds=30, memory_mb=1500, processes=32, output_bytes=200_000)
#: random numbers of three kinds, the order of a set, and weights after a few steps
TRAIN = """
import random, numpy, torch
torch.manual_seed(torch.initial_seed())
model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Dropout(0.5), torch.nn.Linear(8, 3))
optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
for _ in range(5):
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(model(torch.randn(8, 4)), torch.randint(0, 3, (8,)))
    loss.backward()
    optimizer.step()
print(random.random(), numpy.random.rand(), torch.rand(1).item(), hash("words"), list({"a", "b", "c", "d"}))
print(sum(parameter.double().sum() for parameter in model.parameters()).item())
"""


def _spec(script: str, seed: int = 0) -> RunSpec:
    source = textwrap.dedent(script).encode()
    return RunSpec({"submission.py": source}, "submission.py", SubmissionKind.SCRIPT, LIMITS, seed)


def _run(backend: Warm | Bubblewrap, script: str, seed: int = 0) -> Run:
    with Session(backend, _spec(script, seed)) as session:
        return session.run()


def _eventually_gone(processes: list[int], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while living(processes) and time.monotonic() < deadline:
        time.sleep(0.005)
    return living(processes) == []


@pytest.fixture(scope="module")
def shared() -> Iterator[Warm]:
    """A backend with a server that the tests of this file share."""
    backend = Warm(Bubblewrap())
    probe = backend.probe()
    if not probe.works:
        pytest.skip(f"no warm start here: {probe.reason}")
    yield backend
    backend.close()
    assert tree(os.getpid()) == [os.getpid()]


@pytest.fixture
def warm(shared: Warm) -> Iterator[Warm]:
    """The same; after each test nothing of a run is left."""
    yield shared
    members = set(tree(os.getpid())) - {os.getpid(), shared.pid}
    assert living(members) == []


def _pid(backend: Warm) -> int:
    assert backend.pid is not None
    return backend.pid


def test_a_fork_has_imported_torch_already(warm: Warm) -> None:
    """torch and optimizers are there; torchvision is not, nor torch's compiler, nor the grader."""
    script = """
        import sys
        names = ("torch", "torch.optim", "torch._dynamo", "torchvision", "PIL", "grader")
        print([name in sys.modules for name in names])
    """
    assert _run(warm, script).stdout.text == "[True, True, False, False, False, False]\n"
    assert _run(Bubblewrap(), script).stdout.text == _run(warm, script).stdout.text


def test_a_fork_does_what_a_new_process_does(warm: Warm) -> None:
    """The same seeds, order of sets, weights and trace as with a cold start, run after run."""
    first, again, cold = (_run(backend, TRAIN) for backend in (warm, warm, Bubblewrap()))
    assert first.status is RunStatus.COMPLETED, first.stderr.text
    assert first.stdout == again.stdout == cold.stdout
    assert first.trace is not None
    assert first.trace == again.trace == cold.trace


def test_another_seed_starts_cold(warm: Warm) -> None:
    """How a set is ordered follows the seed, which no fork can change: the run is the same as without a server."""
    server = warm.pid
    assert _run(warm, TRAIN, seed=7).stdout == _run(Bubblewrap(), TRAIN, seed=7).stdout
    assert _run(warm, TRAIN, seed=7).stdout != _run(warm, TRAIN).stdout
    assert warm.pid == server


def test_a_fork_sees_what_a_new_process_sees(warm: Warm) -> None:
    """Environment, descriptors, path, arguments, streams and folder are those of a cold start."""
    script = """
        import os, sys, tempfile
        print(sorted(os.environ.items()), sys.argv, sys.path, os.getcwd(), tempfile.gettempdir(), os.getuid() >= 1000)
        print(sorted(int(name) for name in os.listdir("/proc/self/fd")), sys.stdin.read() == "", sys.flags.safe_path)
        for stream in (sys.stdout, sys.stderr):
            print(type(stream), stream.name, stream.encoding, stream.errors, stream.line_buffering, stream.isatty())
    """
    forked, cold = (_run(backend, script) for backend in (warm, Bubblewrap()))
    assert forked.status is RunStatus.COMPLETED, forked.stderr.text
    assert forked.stdout == cold.stdout


def test_the_server_holds_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its environment is a worker's own, its arguments name the worker's folder, and it has one thread."""
    monkeypatch.setenv("GRADE_SECRET", "/never/to/be/seen")
    backend = Warm(Bubblewrap())
    with prepare([backend]):
        run = _run(backend, "print(open('/proc/self/environ').read().count('never'))")
        folder = Path(f"/proc/{_pid(backend)}")
        assert b"GRADE_SECRET" not in (folder / "environ").read_bytes()
        assert len(list((folder / "task").iterdir())) == 1
        descriptors = [path.readlink().name for path in (folder / "fd").iterdir()]
    assert run.stdout.text == "0\n"
    assert len(descriptors) == 4, descriptors  # three streams and a socket


def test_the_server_survives_its_children(warm: Warm) -> None:
    """A crash in C, a kill, a flood, a daemon and a process that closes everything leave the same server standing."""
    server = warm.pid
    endings = [
        "import ctypes; ctypes.string_at(0)",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "while True: print('x' * 10_000)",
        "import os; os.fork() or (os.setsid(), __import__('time').sleep(300))",
        "import os; os.closerange(0, 1024)",
        "import os; [os.kill(process, 9) for process in (-1,)]",
    ]
    statuses = [_run(warm, script).status for script in endings]
    assert statuses[:3] == [RunStatus.CRASHED, RunStatus.KILLED, RunStatus.OUTPUT_FLOOD]
    assert _run(warm, TRAIN).status is RunStatus.COMPLETED
    assert warm.pid == server
    assert living([_pid(warm)]) == [server]


def test_a_dead_server_is_replaced(warm: Warm) -> None:
    """The next run gets a new one and is none the wiser."""
    dead = _pid(warm)
    os.kill(dead, signal.SIGKILL)
    run = _run(warm, "import sys; print('gradeloop_worker.warm_run' in sys.modules)")
    assert (run.status, run.stdout.text) == (RunStatus.COMPLETED, "True\n")
    assert warm.pid != dead
    assert living([_pid(warm)])


def test_a_run_goes_on_without_its_server(shared: Warm) -> None:
    """Whatever happens to the server, a run that has begun is answered for to its end."""
    script = "import time; print('begun', flush=True); time.sleep(1.0); print('done')"
    runs: list[Run] = []
    thread = threading.Thread(target=lambda: runs.append(_run(shared, script)))
    thread.start()
    deadline = time.monotonic() + 10
    while len(tree(_pid(shared))) < 6 and time.monotonic() < deadline:
        time.sleep(0.005)
    shared.close()
    thread.join()
    assert (runs[0].status, runs[0].stdout.text) == (RunStatus.COMPLETED, "begun\ndone\n")


def test_a_fork_outside_that_is_killed_takes_its_room_along(warm: Warm) -> None:
    """Without the process that watches it from outside, a room falls with everything in it."""
    pipes, ends = open_pipes()
    worker = warm.launch(_spec("pass"), pipes)
    close_all(pipes)
    assert isinstance(worker, WarmWorker)
    deadline = time.monotonic() + 10
    while len(members := tree(worker.pid)) < worker.overhead + 1 and time.monotonic() < deadline:
        time.sleep(0.005)
    os.kill(worker.pid, signal.SIGKILL)
    assert _eventually_gone(members)
    ended = worker.ended()
    assert ended is not None
    assert ended.signal == signal.SIGKILL
    worker.stop()
    worker.clean()
    ends.close()


def test_many_runs_at_once(warm: Warm) -> None:
    """Several threads ask one server; each gets its own run."""
    outputs: dict[int, str] = {}

    def one(number: int) -> None:
        outputs[number] = _run(warm, f"import os; print({number}, len(os.listdir('.')))").stdout.text

    threads = [threading.Thread(target=one, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outputs == {number: f"{number} 1\n" for number in range(6)}


def test_the_parked_fork_answers(warm: Warm) -> None:
    """What answers images is there although its folder has another name inside of the room."""
    with Session(warm, _spec("pass")) as session:
        session.run()
        answer = session.logits(np.zeros((1, 28, 28), np.uint8), seconds=10)
    assert (answer.values, answer.reason) == (None, "no-model")


def test_preparing_starts_a_server_and_closing_ends_it() -> None:
    """prepare() returns at once, the server is there, and with the last line of the `with` it is gone."""
    backend = Warm(Bubblewrap())
    with prepare([Unconfined(), backend], "auto", seed=3):
        server = _pid(backend)
        assert living([server]) == [server]
        run = _run(backend, "print(hash('words'))", seed=3)
    assert run.stdout == _run(Bubblewrap(), "print(hash('words'))", seed=3).stdout
    assert living([server]) == []
    assert backend.pid is None


def test_only_what_may_be_chosen_is_prepared() -> None:
    """With another sandbox asked for by name no server is started."""
    backend = Warm(Bubblewrap())
    prepare([backend, Unconfined()], "none").close()
    assert backend.pid is None


def test_without_bubblewrap_there_is_no_warm_start() -> None:
    """No room, no fork: the reason is bubblewrap's, and the next backend is chosen."""
    rooms = Bubblewrap("no-such-program")
    backend = Warm(rooms)
    with prepare([backend]):
        assert backend.pid is None
    assert "install bubblewrap" in backend.probe().layers[0].fix
    with pytest.raises(SandboxError, match="install bubblewrap"):
        choose([backend, rooms])


class _Holding(Bubblewrap):
    """Rooms of which the walls are known to hold."""

    def probe(self) -> Probe:
        return Probe(works=True)


def test_a_server_that_cannot_start_is_told_while_probing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The probe gives the last line of its complaint; another backend is chosen then."""
    monkeypatch.setattr("grader.sandbox.room._BOOTSTRAP", "raise SystemExit('no torch today')")
    backend = Warm(Bubblewrap())
    probe = backend.probe()
    assert not probe.works
    assert "no torch today" in probe.reason
    assert choose([backend, _Holding()])[0].name == "bubblewrap"


def test_a_server_that_fails_later_means_a_cold_start(warm: Warm, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once the walls are known, a run without a server is only slower."""

    def refuse(self: Server, order: bytes, pipes: Pipes) -> None:
        raise SandboxError("the warm server did not start")

    monkeypatch.setattr(Server, "fork", refuse)
    run = _run(warm, "import sys; print('gradeloop_worker.warm_run' in sys.modules)")
    assert (run.status, run.stdout.text) == (RunStatus.COMPLETED, "False\n")


def test_a_room_that_cannot_be_built_says_why() -> None:
    """bubblewrap's own complaint is the reason of the failure."""

    class Unbuilt(Bubblewrap):
        def program(self) -> str | None:
            return "/bin/false"

    backend = Warm(Unbuilt())
    with prepare([backend]):
        run = _run(backend, "pass")
    assert run.status is RunStatus.SANDBOX_FAILED
    assert run.reason is not None
    assert "exit code 1" in run.reason


def test_the_server_refuses_to_fork_beside_a_thread() -> None:
    """A second thread could hold a lock for ever in a child: then there is no server at all."""
    source = (
        "import threading, time\n"
        "from grader.worker import warm\n"
        "print(warm.unfit())\n"
        "threading.Thread(target=time.sleep, args=(5,), daemon=True).start()\n"
        "print(warm.unfit())\n"
    )
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", source]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env=environment)
    assert done.stdout == "None\n2 threads are running\n"


def test_the_server_goes_with_the_one_who_started_it() -> None:
    """A grader that is killed, with nobody left to say goodbye, leaves no server behind."""
    source = (
        "import time\n"
        "from grader.sandbox.bubblewrap import Bubblewrap\n"
        "from grader.sandbox.warm import Warm\n"
        "backend = Warm(Bubblewrap())\n"
        "backend.probe()\n"
        "print(backend.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, text=True) as grader:
        assert grader.stdout is not None
        server = int(grader.stdout.readline())
        assert living([server]) == [server]
        grader.kill()
    assert _eventually_gone([server])


def test_the_server_ends_with_the_program() -> None:
    """A program that forgot to close it leaves without waiting for it, and without a process."""
    source = (
        "from grader.sandbox.bubblewrap import Bubblewrap\n"
        "from grader.sandbox.warm import Warm\n"
        "backend = Warm(Bubblewrap())\n"
        "backend.prepare(0)\n"
        "print(backend.pid)\n"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=30, check=True)
    assert living([int(done.stdout)]) == []
    assert done.stderr == ""


def _data_loaders() -> str:
    return """
        import torch
        from torch.utils.data import DataLoader, TensorDataset
        torch.set_num_threads(2)
        a = torch.randn(400, 400)
        print((a @ a).shape, torch.get_num_threads())
        loader = DataLoader(TensorDataset(torch.arange(100.0)), batch_size=10, num_workers=2)
        print(sum(batch.sum().item() for [batch] in loader))
    """


def test_threads_and_loader_workers_start_in_a_fork(warm: Warm) -> None:
    """A pool of threads starts for the first time in the fork, and processes are forked from there."""
    spec = dataclasses.replace(_spec(_data_loaders()), threads=2)
    with Session(warm, spec) as session:
        run = session.run()
    assert run.stdout.text == "torch.Size([400, 400]) 2\n4950.0\n", run.stderr.text


def test_a_fork_is_a_worker(warm: Warm) -> None:
    """What launch() gives can be stopped twice and cleaned, as any other worker."""
    pipes, ends = open_pipes()
    worker: Worker = warm.launch(_spec("pass"), pipes)
    close_all(pipes)
    assert worker.ended() is None
    worker.stop()
    worker.stop()
    ended = worker.ended()
    assert ended is not None
    assert ended.signal == signal.SIGKILL
    worker.clean()
    ends.close()


def test_runs_on_our_data_find_torchvision_imported(tmp_path: Path) -> None:
    """Once for all of them and before they begin; a run that brings its own data waits for nothing."""
    pytest.importorskip("PIL")
    script = """
        import random, sys, numpy, torch
        print("torchvision.datasets.mnist" in sys.modules)
        import torchvision
        print(torchvision.datasets.MNIST.__module__, random.random(), numpy.random.rand(), torch.rand(1).item())
    """
    ours = dataclasses.replace(_spec(script), data=tmp_path, dataset="digits")
    warm = Warm(Bubblewrap())
    try:
        assert _run(warm, "import sys; print('torchvision' in sys.modules)").stdout.text == "False\n"
        said = []
        for backend in (warm, warm, Bubblewrap()):
            with Session(backend, ours) as session:
                said.append(session.run().stdout.text)
        threads = list(Path(f"/proc/{warm.pid}/task").iterdir())
    finally:
        warm.close()
    assert said[0] == said[1] and said[0].startswith("True\n")
    # the seeds are as they would have been
    assert said[2] == said[0].replace("True", "False")
    assert len(threads) == 1


def test_a_package_that_cannot_be_imported_is_left_to_the_runs() -> None:
    """The server forks on; what its import had begun is forgotten, so that a run meets the error by itself."""
    backend = Warm(Bubblewrap())
    try:
        assert _run(backend, "print('first')").stdout.text == "first\n"
        assert backend._server is not None
        backend._server.preload("colorsys.nonsense")
        said = _run(backend, "import sys; print('colorsys' in sys.modules)").stdout.text
    finally:
        backend.close()
    assert said == "False\n"
