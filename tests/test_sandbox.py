"""What a submission may do to itself, and that it can do nothing to anything else, on every backend."""

from __future__ import annotations

import dataclasses
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from grader.errors import SandboxError, UsageError
from grader.model import Blame, Layer, Limits, Probe, Progress, Run, RunSpec, RunStatus, SubmissionKind
from grader.sandbox import Pipes, SandboxBackend, Session, Worker, cgroup, choose
from grader.sandbox.box import remove_tree
from grader.sandbox.bubblewrap import Bubblewrap
from grader.sandbox.landlock import Landlock
from grader.sandbox.plugin import grader_sandboxes
from grader.sandbox.probe import try_to_break_out
from grader.sandbox.processes import living, tree
from grader.sandbox.unconfined import Unconfined
from grader.sandbox.warm import Warm

LIMITS = Limits(wall_seconds=20, cpu_seconds=30, memory_mb=1500, processes=32, output_bytes=200_000)
TRAIN = """
import torch
model = torch.nn.Linear(4, 3)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for _ in range(5):
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(model(torch.randn(8, 4)), torch.randint(0, 3, (8,)))
    loss.backward()
    optimizer.step()
"""
_PROBED: dict[str, SandboxBackend] = {backend.name: backend for backend in grader_sandboxes()}


def _working(name: str) -> SandboxBackend:
    backend = _PROBED[name]
    probe = backend.probe()
    if not probe.works:
        pytest.skip(f"{name} does not work here: {probe.reason}")
    return backend


_WITH_ROOMS = [pytest.param(name, marks=pytest.mark.bubblewrap) for name in ("warm", "bubblewrap")]


@pytest.fixture(params=[*_WITH_ROOMS, "landlock"])
def jail(request: pytest.FixtureRequest) -> SandboxBackend:
    """Each backend with walls that works here."""
    return _working(request.param)


@pytest.fixture(params=[*_WITH_ROOMS, "landlock", "none"])
def backend(request: pytest.FixtureRequest) -> SandboxBackend:
    """Each backend that works here."""
    return _working(request.param)


@pytest.fixture(autouse=True, scope="module")
def _no_server_is_left() -> Iterator[None]:
    """The warm server of this file ends with it."""
    yield
    warm = _PROBED["warm"]
    assert isinstance(warm, Warm)
    warm.close()
    assert living(set(tree(os.getpid())) - {os.getpid()}) == []


@pytest.fixture(autouse=True)
def _nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test leaves a process or a folder behind."""
    with tempfile.TemporaryDirectory(prefix="boxes-") as folder:
        Path(folder).chmod(0o711)
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield
        assert _of_runs() == []
        assert list(Path(folder).iterdir()) == []


def _of_runs() -> list[int]:
    """Every process below this one, but for a warm server that waits for the next test."""
    warm = _PROBED["warm"]
    assert isinstance(warm, Warm)
    return living(set(tree(os.getpid())) - {os.getpid(), warm.pid})


def _spec(script: str, limits: Limits = LIMITS, **files: bytes) -> RunSpec:
    source = textwrap.dedent(script).encode()
    named = {f"{name}.py": content for name, content in files.items()}
    return RunSpec({"submission.py": source, **named}, "submission.py", SubmissionKind.SCRIPT, limits)


def _run(backend: SandboxBackend, script: str, limits: Limits = LIMITS, **files: bytes) -> Run:
    with Session(backend, _spec(script, limits, **files)) as session:
        return session.run()


def _limits(**changes: float) -> Limits:
    return Limits(**{**vars(LIMITS), **changes})


def _digits(folder: Path) -> Path:
    """Forty noisy images as the four IDX files of MNIST."""
    generator = np.random.default_rng(0)
    for part in ("train", "t10k"):
        pixels = generator.integers(0, 256, (40, 28, 28), dtype=np.uint8)
        images = struct.pack(">IIII", 0x803, 40, 28, 28) + pixels.tobytes()
        (folder / f"{part}-images-idx3-ubyte").write_bytes(images)
        labels = struct.pack(">II", 0x801, 40) + bytes(range(10)) * 4
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(labels)
    folder.chmod(0o755)
    return folder


# ------------------------------------------------------------------ a run that is as it should be


def test_a_training_script_completes(backend: SandboxBackend) -> None:
    """A script that trains ends as completed, with its trace, its output and what it used."""
    run = _run(backend, TRAIN + "print('done')")
    assert (run.status, run.blame, run.exit_code) == (RunStatus.COMPLETED, None, 0), run
    assert run.stdout.text == "done\n"
    assert run.trace is not None
    assert run.trace.complete
    assert run.trace.steps == 5
    assert 0 < run.wall_seconds < 20
    assert 0 < run.cpu_seconds < 20
    assert run.peak_memory_mb > 50


def test_the_run_says_what_held() -> None:
    """`Run.sandbox` names the backend and the layers inside it."""
    names = {name: _run(_PROBED[name], "pass").sandbox for name in _PROBED if _PROBED[name].probe().works}
    room = "bubblewrap+landlock+seccomp"
    expected = {"warm": room, "bubblewrap": room, "landlock": "landlock+seccomp", "none": "none"}
    # a control group is had on some machines only, and whoever asked for no sandbox gets no word but that
    assert {name: held.removesuffix("+cgroup") for name, held in names.items()} == {
        name: expected[name] for name in names
    }
    grouped = {held.endswith("+cgroup") for name, held in names.items() if name != "none"}
    assert grouped == {cgroup.probe().holds}


def test_the_script_finds_itself_as_python_would_have_it(backend: SandboxBackend) -> None:
    """__name__, __file__, sys.argv, the folder, helper modules and seeds are what a script expects."""
    script = """
        import os, random, sys, helper
        assert __name__ == "__main__", __name__
        assert os.path.samefile(__file__, "submission.py"), __file__
        assert sys.argv == ["submission.py"], sys.argv
        assert helper.ANSWER == 42
        assert os.path.samefile(sys.path[-1], os.getcwd()), sys.path
        import torch, numpy
        assert torch.get_num_threads() == 1
        print(random.random(), numpy.random.rand(), torch.rand(1).item(), hash("words"))
    """
    first, second = (_run(backend, script, helper=b"ANSWER = 42") for _ in range(2))
    assert first.status is RunStatus.COMPLETED, first.stderr.text
    assert first.stdout == second.stdout


def test_a_file_beside_the_script_shadows_nothing(backend: SandboxBackend) -> None:
    """A json.py or torch.py that was handed in is not what `import json` finds."""
    run = _run(backend, "import json, torch; print(json.dumps(1), torch.__version__)", json=b"", torch=b"")
    assert run.status is RunStatus.COMPLETED, run.stderr.text


def test_input_meets_the_end_of_file(backend: SandboxBackend) -> None:
    """input() raises EOFError instead of waiting for somebody."""
    run = _run(backend, "try:\n    input()\nexcept EOFError:\n    print('no input')")
    assert run.stdout.text == "no input\n"


def test_progress_is_passed_on(backend: SandboxBackend) -> None:
    """What the worker says of its progress reaches the caller as numbers."""
    seen: list[Progress] = []
    script = TRAIN.replace("range(5)", "range(400)") + "    sleep(0.002)\n"
    with Session(backend, _spec("from time import sleep" + script), seen.append) as session:
        session.run()
    assert seen
    assert seen[-1].step > 0


def test_the_parked_model_answers(backend: SandboxBackend, tmp_path: Path) -> None:
    """After its last line the process turns images into logits, for as long as the session is open."""
    script = """
        import torch
        from torch import nn
        from torchvision import datasets, transforms
        model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        data = datasets.MNIST("data", train=True, download=True, transform=transforms.ToTensor())
        for images, labels in torch.utils.data.DataLoader(data, batch_size=8):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(images), labels).backward()
            optimizer.step()
    """
    spec = dataclasses.replace(_spec(script), data=_digits(tmp_path), dataset="mnist")
    with Session(backend, spec) as session:
        assert session.run().status is RunStatus.COMPLETED
        first = session.logits(np.zeros((7, 28, 28), np.uint8), seconds=20)
        second = session.logits(np.full((3, 28, 28), 255, np.uint8), seconds=20)
        begun = session.logits(np.full((3, 28, 28), 255, np.uint8), seconds=20, beginning=True)
        again = session.logits(np.full((3, 28, 28), 255, np.uint8), seconds=20)
    assert first.values is not None, (first.reason, first.detail)
    assert second.values is not None
    assert first.values.shape == (7, 10)
    assert second.values.dtype == np.float32
    assert begun.values is not None and again.values is not None
    # drawn by torch between the roots of 1 / 784, and not yet moved
    assert np.abs(begun.values).max() < 1 < np.abs(again.values - begun.values).max()
    assert (again.values == second.values).all(), "the trained weights are back"


def test_a_session_that_is_over_does_not_answer(backend: SandboxBackend) -> None:
    """Where the process is gone there are no logits, and a reason."""
    with Session(backend, _spec("import os; os._exit(0)")) as session:
        session.run()
        answer = session.logits(np.zeros((1, 28, 28), np.uint8), seconds=1)
    assert answer.values is None
    assert answer.reason == "no-worker"


# ------------------------------------------------------------------ how a run ends


def test_an_exception_is_the_students(backend: SandboxBackend) -> None:
    """An exception is reported with the student's own lines, the innermost last."""
    run = _run(backend, "def f():\n    return 1 / 0\n\nprint('so far')\nf()\n")
    assert (run.status, run.blame) == (RunStatus.CRASHED, Blame.STUDENT)
    assert run.crash is not None
    assert (run.crash.type, run.crash.message) == ("ZeroDivisionError", "division by zero")
    assert [(frame.line, frame.function) for frame in run.crash.frames] == [(5, "<module>"), (2, "f")]
    assert run.stdout.text == "so far\n"
    assert "ZeroDivisionError" in run.stderr.text
    assert "runner.py" not in run.stderr.text


def test_an_exception_that_cannot_be_printed_is_still_reported(backend: SandboxBackend) -> None:
    """A broken __str__ of a BaseException costs the message, nothing else."""
    script = "class Odd(BaseException):\n    def __str__(self): raise SystemExit(3)\nraise Odd()"
    run = _run(backend, script)
    assert run.status is RunStatus.CRASHED
    assert run.crash is not None
    assert run.crash.type == "Odd"
    assert run.crash.frames[-1].line == 3


def test_leaving_before_training_is_exited(backend: SandboxBackend) -> None:
    """sys.exit(0) without a step is no completed training."""
    run = _run(backend, "import sys\nsys.exit(0)")
    assert (run.status, run.blame, run.exit_code) == (RunStatus.EXITED, Blame.STUDENT, 0)


def test_leaving_after_training_is_completed(backend: SandboxBackend) -> None:
    """sys.exit() as the last line of a script that trained is fine."""
    assert _run(backend, TRAIN + "import sys; sys.exit()").status is RunStatus.COMPLETED


def test_leaving_with_a_code_is_exited(backend: SandboxBackend) -> None:
    """sys.exit(3) after training says that something went wrong."""
    run = _run(backend, TRAIN + "import sys; sys.exit(3)")
    assert (run.status, run.exit_code) == (RunStatus.EXITED, 3)


def test_os_exit_is_not_a_pass(backend: SandboxBackend) -> None:
    """os._exit(0) skips every report: exited, whatever the code."""
    run = _run(backend, TRAIN + "import os; os._exit(0)")
    assert (run.status, run.blame, run.exit_code) == (RunStatus.EXITED, Blame.STUDENT, 0)


def test_an_endless_loop_is_stopped_where_it_was(backend: SandboxBackend) -> None:
    """The wall clock ends it, and the report knows the line."""
    run = _run(backend, "x = 0\nwhile True:\n    pass\n", _limits(wall_seconds=1.0))
    assert (run.status, run.limit) == (RunStatus.TIMED_OUT, 1.0)
    assert run.last_line in (2, 3)
    assert run.wall_seconds < 4


def test_a_call_that_never_releases_the_interpreter_is_stopped(backend: SandboxBackend) -> None:
    """No Python signal handler could run during one call in C: the clock is outside."""
    run = _run(backend, "n = 10\nprint(sum(range(10**13)))", _limits(wall_seconds=1.0))
    assert (run.status, run.last_line) == (RunStatus.TIMED_OUT, 2)


def test_processor_time_is_limited(backend: SandboxBackend) -> None:
    """A run that burns more processor time than it may is timed out by that limit."""
    run = _run(backend, "while True: pass", _limits(cpu_seconds=2))
    assert (run.status, run.limit) == (RunStatus.TIMED_OUT, 2)


def test_a_tensor_too_large_is_out_of_memory(backend: SandboxBackend) -> None:
    """torch's own refusal counts as the memory limit."""
    run = _run(backend, "import torch\nx = torch.ones(40, 1024, 1024, 1024)")
    assert (run.status, run.limit, run.blame) == (RunStatus.OUT_OF_MEMORY, 1500, Blame.STUDENT), run


def test_growing_memory_is_out_of_memory(backend: SandboxBackend) -> None:
    """So does growing step by step, and the machine keeps the rest of its memory."""
    script = "data = bytearray()\nwhile True:\n    data += bytes(16 << 20)\n"
    run = _run(backend, script, _limits(memory_mb=700))
    assert run.status is RunStatus.OUT_OF_MEMORY, run
    assert run.peak_memory_mb < 2500


def test_memory_of_children_counts(backend: SandboxBackend) -> None:
    """Many processes that are each below the limit are over it together."""
    script = """
        import os, time
        for _ in range(6):
            if os.fork() == 0:
                data = bytearray(os.urandom(1 << 20) * 200)
                time.sleep(60)
        time.sleep(60)
    """
    run = _run(backend, script, _limits(memory_mb=700))
    assert run.status is RunStatus.OUT_OF_MEMORY, run


def test_a_flood_of_output_is_stopped(backend: SandboxBackend) -> None:
    """Endless output ends the run; head and tail are kept, the rest is counted."""
    run = _run(backend, "print('first')\nwhile True: print('x' * 1000)")
    assert (run.status, run.limit) == (RunStatus.OUTPUT_FLOOD, 200_000)
    assert run.stdout.text.startswith("first\n")
    assert run.stdout.cut > 3_000_000
    assert len(run.stdout.text) < 10_000


def test_much_output_is_cut_and_no_fault(backend: SandboxBackend) -> None:
    """Up to sixteen times the limit is only cut."""
    run = _run(backend, "for i in range(40_000): print('line', i)")
    assert run.status is RunStatus.COMPLETED
    assert run.stdout.text.startswith("line 0\n")
    assert run.stdout.text.endswith("line 39999\n")


def test_a_segmentation_fault_names_its_line(backend: SandboxBackend) -> None:
    """A crash in C is a crash of the student's run, with the line and what was printed before."""
    run = _run(backend, "import ctypes\nprint('before')\nctypes.string_at(0)")
    assert (run.status, run.blame) == (RunStatus.CRASHED, Blame.STUDENT)
    assert run.crash is not None
    assert run.crash.type == "Segmentation fault"
    assert [frame.line for frame in run.crash.frames] == [3]
    assert run.stdout.text == "before\n"


def test_killing_oneself_is_killed(backend: SandboxBackend) -> None:
    """SIGKILL by one's own hand is the student's."""
    run = _run(backend, "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    assert (run.status, run.blame) == (RunStatus.KILLED, Blame.STUDENT)


def test_a_thread_that_never_ends_does_not_hold_the_run(backend: SandboxBackend) -> None:
    """A forgotten thread gets two seconds of grace."""
    script = "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()"
    run = _run(backend, script)
    assert run.status is RunStatus.COMPLETED
    assert 1.5 < run.wall_seconds < 6


# ------------------------------------------------------------------ attacks


def test_a_fork_bomb_is_contained(backend: SandboxBackend) -> None:
    """Processes are counted; when the run is over none of them is left. (256 at most, if all else fails.)"""
    script = """
        import os, time
        for _ in range(8):
            try:
                os.fork()
            except OSError:
                pass
        time.sleep(60)
    """
    run = _run(backend, script, _limits(wall_seconds=3.0))
    assert run.status in (RunStatus.KILLED, RunStatus.TIMED_OUT), run
    assert run.blame is Blame.STUDENT


def test_a_daemon_does_not_survive(backend: SandboxBackend) -> None:
    """A double fork with a session of its own dies with the run, and does not delay its end."""
    script = """
        import os, time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                time.sleep(300)
            os._exit(0)
        os.wait()
        time.sleep(0.3)
    """
    with Session(backend, _spec(script)) as session:
        began = time.monotonic()
        assert session.run().status is RunStatus.COMPLETED
        assert time.monotonic() - began < 15
        members = _of_runs()
        assert len(members) >= 3  # the sandbox's, the worker and the daemon
    assert living(members) == []


def test_the_network_is_out_of_reach(jail: SandboxBackend) -> None:
    """Neither a server on this machine, nor a datagram, nor a name can be reached."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        script = f"""
            import socket
            from socket import SOCK_DGRAM, SOCK_RAW, create_connection, socket as make
            def refused(attempt):
                try:
                    attempt()
                except OSError:
                    return True
                return False
            print([
                refused(lambda: create_connection(("127.0.0.1", {port}), 2)),
                refused(lambda: make(socket.AF_INET, SOCK_DGRAM).sendto(b"x", ("127.0.0.1", {port}))),
                refused(lambda: socket.getaddrinfo("example.org", 80)),
                refused(lambda: make(socket.AF_NETLINK, SOCK_RAW)),
                refused(lambda: make(socket.AF_INET6)),
            ])
        """
        run = _run(jail, script)
    assert run.stdout.text == "[True, True, True, True, True]\n", run.stderr.text


def test_only_its_own_folders_can_be_written(jail: SandboxBackend) -> None:
    """The working folder and the temporary one take files; the root, the packages and the worker do not."""
    script = """
        import os, sys, tempfile, torch
        open("result.txt", "w").write("mine")
        tempfile.NamedTemporaryFile().write(b"mine")
        for folder in ("/", "/usr", "/etc", "/dev", sys.prefix, os.path.dirname(torch.__file__),
                       os.path.dirname(sys.modules["gradeloop_worker"].__file__)):
            try:
                open(folder + "/touched", "w")
            except OSError:
                continue
            print("could write to", folder)
    """
    run = _run(jail, script)
    assert run.status is RunStatus.COMPLETED, run.stderr.text
    assert run.stdout.text == ""
    assert not Path("/touched").exists()


def test_the_grader_and_its_exercises_cannot_be_read(jail: SandboxBackend) -> None:
    """Nothing of the grader but the worker's own text, no home, no password file's shadow, no environment."""
    os.environ["GRADELOOP_CANARY"] = "never to be seen"
    root = Path(__file__).resolve().parents[1]
    hidden = [root / "grader" / "model.py", root / "pyproject.toml", root / "tests" / "test_sandbox.py"]
    hidden += [Path("/etc/shadow"), Path("/proc/1/environ"), Path(f"/proc/{os.getpid()}/environ")]
    script = f"""
        import importlib.util, os
        for path in {[str(path) for path in hidden]}:
            try:
                open(path, "rb").read()
            except OSError:
                continue
            print("could read", path)
        for folder in ({str(root / "exercises")!r}, {str(Path.home())!r}, "/home", {str(root)!r} + "/tests"):
            try:
                names = [name for name in os.listdir(folder) if name not in (".pyenv", ".venv")]
            except OSError:
                continue
            if names:
                print("could list", folder, names)
        if "GRADELOOP_CANARY" in os.environ or importlib.util.find_spec("grader") is not None:
            print("could see the grader")
    """
    try:
        run = _run(jail, script)
    finally:
        del os.environ["GRADELOOP_CANARY"]
    assert run.status is RunStatus.COMPLETED, run.stderr.text
    assert run.stdout.text == ""


def test_dangerous_system_calls_are_refused(jail: SandboxBackend) -> None:
    """No namespaces, no tracing, no mounts, no keys, no handles, no limits of others, no terminal input."""
    script = """
        import ctypes, os, resource
        libc = ctypes.CDLL(None, use_errno=True)
        def refused_mount():
            # a kind of file system that does not exist: EPERM where refused, ENODEV where nobody minds
            libc.mount(b"a", b"/", b"no-such-kind", 0, None)
            return -1 if ctypes.get_errno() == 1 else 0
        calls = {
            "unshare": lambda: libc.unshare(0x10000000),
            "mount": refused_mount,
            "ptrace": lambda: libc.ptrace(16, os.getppid() or 1, 0, 0),
            "chroot": lambda: libc.chroot(b"/"),
            "setuid": lambda: libc.setuid(0) if os.getuid() else -1,
            "tiocsti": lambda: libc.ioctl(0, 0x5412, b"x"),
            "prlimit": lambda: libc.prlimit(os.getppid() or 1, 7, None, (ctypes.c_long * 2)()),
            "shmget": lambda: libc.shmget(1, 4096, 0o1600),
            "open_by_handle_at": lambda: libc.open_by_handle_at(3, b"x" * 64, 0),
        }
        print([name for name, call in calls.items() if call() >= 0])
    """
    run = _run(jail, script)
    assert run.stdout.text == "[]\n", run.stderr.text


def test_a_files_mode_elsewhere_cannot_be_changed(jail: SandboxBackend, tmp_path: Path) -> None:
    """chmod, chown and utime reach nothing outside, although Landlock does not watch them."""
    victim = tmp_path / "victim"
    victim.write_text("safe")
    before = victim.stat()
    script = f"""
        import contextlib, os
        for attempt in (lambda p: os.chmod(p, 0), lambda p: os.utime(p, (1, 1)), lambda p: os.chown(p, 1, 1),
                        lambda p: os.truncate(p, 0), os.unlink, lambda p: os.rename(p, p + "2")):
            with contextlib.suppress(OSError):
                attempt({str(victim)!r})
    """
    assert _run(jail, script).status is RunStatus.COMPLETED
    after = victim.stat()
    assert (after.st_mode, after.st_mtime, after.st_uid) == (before.st_mode, before.st_mtime, before.st_uid)
    assert victim.read_text() == "safe"


def test_nobody_else_can_be_signalled(jail: SandboxBackend) -> None:
    """No process of this machine takes a signal. (Signal 0 asks for the permission and does nothing.)"""
    # from 100 on: in a namespace of its own the run has small numbers, for threads too
    everybody = [int(path.name) for path in Path("/proc").glob("[0-9]*") if int(path.name) >= 100]
    script = f"""
        import os
        for process in {{*{everybody}, os.getppid()}} - {{os.getpid(), 0, 1}}:
            try:
                os.kill(process, 0)
            except OSError:
                continue
            print("could signal", process)
    """
    run = _run(jail, script)
    assert run.status is RunStatus.COMPLETED, run.stderr.text
    assert run.stdout.text == ""


@pytest.mark.parametrize(
    "forged",
    [
        "os.write(3, b'nonsense that is no frame at all')",
        "os.write(3, b'T' + (2**32 - 1).to_bytes(4, 'little'))",
        "os.write(3, b'E' + (5).to_bytes(4, 'little') + b'{not}')",
        "os.write(3, b'T' + (9).to_bytes(4, 'little') + b'{\"x\": 1} ')",
        "[os.write(3, b'P' + (2).to_bytes(4, 'little') + b'{}') for _ in range(10_000)]",
        "[os.write(3, b'X' + (4).to_bytes(4, 'little') + b'null') for _ in range(100)]",
    ],
)
def test_forged_frames_break_nothing(forged: str) -> None:
    """Whatever is written into the pipe of frames, a run comes out and it is not the grader's fault."""
    run = _run(_working("landlock"), f"import os\n{forged}\n", _limits(wall_seconds=10.0))
    assert run.status in (RunStatus.COMPLETED, RunStatus.EXITED), run
    assert run.blame in (None, Blame.STUDENT)
    assert run.wall_seconds < 8


def test_a_flood_of_traces_is_stopped(backend: SandboxBackend) -> None:
    """Traces beyond the limit are not looked at; far beyond it they end the run."""
    script = """
        import os
        frame = b"T" + (60_000).to_bytes(4, "little") + b" " * 60_000
        while True:
            os.write(3, frame)
    """
    run = _run(backend, script, _limits(trace_bytes=1_000_000))
    assert run.status is RunStatus.OUTPUT_FLOOD, run
    assert run.reason is not None


def test_closing_every_descriptor_is_exited(backend: SandboxBackend) -> None:
    """A script that closes all pipes can no longer say how it ended."""
    run = _run(backend, TRAIN + "import os; os.closerange(0, 1024)")
    assert (run.status, run.blame) == (RunStatus.EXITED, Blame.STUDENT), run


def test_replacing_the_library_in_ones_own_process_costs_claims_only(backend: SandboxBackend) -> None:
    """json, os.write, isinstance, print and the hooks are the student's to break; the end is still told."""
    script = """
        import atexit, builtins, json, os, sys
        json.dumps = json.JSONEncoder.encode = json.loads = None
        os.write = os.read = lambda *a: (_ for _ in ()).throw(OSError)
        builtins.isinstance = builtins.print = builtins.len = None
        sys.excepthook = sys.stdout = sys.stderr = None
        sys.settrace(lambda *a: 1 / 0)
    """
    run = _run(backend, script)
    assert run.blame in (None, Blame.STUDENT)
    assert run.status in (RunStatus.COMPLETED, RunStatus.EXITED, RunStatus.CRASHED), run


def test_a_very_deep_folder_is_removed(backend: SandboxBackend) -> None:
    """Nested folders beyond any path's length, with links out of them, are removed, and nothing else is."""
    script = """
        import os
        for _ in range(1500):
            os.mkdir("d")
            os.symlink("/etc", "link")
            os.chdir("d")
        os.chmod(".", 0)
    """
    assert _run(backend, script).status is RunStatus.COMPLETED
    assert Path("/etc/passwd").exists()


def test_data_loader_workers_work(backend: SandboxBackend) -> None:
    """DataLoader with worker processes gives all its batches, in every jail."""
    script = """
        import torch
        from torch.utils.data import DataLoader, TensorDataset
        data = TensorDataset(torch.arange(100.0))
        loader = DataLoader(data, batch_size=10, num_workers=2, persistent_workers=True, prefetch_factor=2)
        print(sum(batch.sum().item() for [batch] in loader))
    """
    run = _run(backend, script)
    assert run.status is RunStatus.COMPLETED, run.stderr.text
    assert run.stdout.text == "4950.0\n"


def test_sessions_run_side_by_side(backend: SandboxBackend) -> None:
    """Two sessions in two threads do not disturb each other."""
    runs: dict[str, Run] = {}

    def one(name: str) -> None:
        runs[name] = _run(backend, f"print({name!r})")

    threads = [threading.Thread(target=one, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {name: run.stdout.text for name, run in runs.items()} == {"a": "a\n", "b": "b\n"}


# ------------------------------------------------------------------ choosing, and failing to start


class _Broken:
    """A backend that cannot start anything."""

    def __init__(self, name: str) -> None:
        self.name = name

    def probe(self) -> Probe:
        return Probe(False, (Layer("namespaces", False, "", "try turning it on"),), "it is broken")

    def launch(self, spec: RunSpec, pipes: Pipes) -> Worker:
        raise SandboxError("cannot start")


def test_auto_takes_the_first_that_works() -> None:
    """The order of the backends is the order of preference, and `none` is never taken by itself."""
    with pytest.raises(SandboxError, match="it is broken; try turning it on"):
        choose([_Broken("bubblewrap"), Unconfined()])
    backend, probe = choose([_Broken("bubblewrap"), Unconfined()], "none")
    assert backend.name == "none"
    assert not probe.layers[0].holds


def test_an_unknown_sandbox_lists_the_choices() -> None:
    """A wrong name is wrong usage and names what there is."""
    with pytest.raises(UsageError, match="choices: auto, warm, bubblewrap, landlock, none"):
        choose(grader_sandboxes(), "chroot")


def test_the_canary_sees_that_nothing_holds() -> None:
    """The canary is worth something: in a plain process it breaks out, and the probe says so."""
    probe = try_to_break_out(Unconfined(), lambda reason: "")
    assert not probe.works
    assert "killed" in probe.reason or "network" in probe.reason


def test_a_probe_is_remembered(jail: SandboxBackend) -> None:
    """Trying costs a process; it is done once."""
    assert jail.probe() is jail.probe()


def test_a_backend_that_cannot_start_is_our_fault() -> None:
    """No worker: sandbox-failed, blamed on the grader, with the reason."""
    run = _run(_Broken("broken"), "pass")
    assert (run.status, run.blame, run.reason) == (RunStatus.SANDBOX_FAILED, Blame.GRADER, "cannot start")


def test_a_worker_that_dies_before_the_code_is_our_fault() -> None:
    """Files that cannot be laid out end the worker before the student's first line."""
    spec = RunSpec({"a": b"", "a/b.py": b""}, "a/b.py", SubmissionKind.SCRIPT, LIMITS)
    with Session(_working("none"), spec) as session:
        run = session.run()
    assert (run.status, run.blame) == (RunStatus.SANDBOX_FAILED, Blame.GRADER)
    assert run.reason is not None
    assert "FileExistsError" in run.reason


def test_a_file_name_that_leaves_the_folder_never_starts() -> None:
    """`../x` is refused before anything is written."""
    spec = RunSpec({"../x.py": b""}, "../x.py", SubmissionKind.SCRIPT, LIMITS)
    with Session(_working("none"), spec) as session:
        run = session.run()
    assert run.status is RunStatus.SANDBOX_FAILED


def test_without_bubblewrap_the_probe_says_what_to_install() -> None:
    """A missing program is a reason with a fix."""
    probe = Bubblewrap("no-such-program").probe()
    assert not probe.works
    assert "install bubblewrap" in probe.layers[0].fix


def test_the_order_of_preference_is_the_fastest_of_the_strongest_first() -> None:
    """The plugin offers what there is: bubblewrap's room with a warm start, cold, then Landlock."""
    kinds = [type(backend) for backend in grader_sandboxes()]
    assert kinds == [Warm, Bubblewrap, Landlock, Unconfined]


@pytest.mark.bubblewrap
@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="needs root and unshare")
def test_an_ordinary_user_gets_the_same_walls() -> None:
    """As a user with no rights outside its own namespace all backends hold."""
    _working("bubblewrap")
    script = (
        "from grader.sandbox.plugin import grader_sandboxes\n"
        "print([backend.probe().works for backend in grader_sandboxes()])"
    )
    command = ["unshare", "--user", "--map-user=1000", "--map-group=1000", sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "[True, True, True, True]\n", done.stderr


def test_a_run_does_not_outlive_its_grader(backend: SandboxBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the grader itself is killed, the worker and everything below it goes too."""
    monkeypatch.setenv("TMPDIR", tempfile.gettempdir())
    script = """
        import os, time
        from grader.model import Limits, RunSpec, SubmissionKind
        from grader.sandbox import Session
        from grader.sandbox.plugin import grader_sandboxes
        [backend] = [one for one in grader_sandboxes() if one.name == %r]
        code = b"import os, time; os.fork(); os.write(1, b'x' * 5_000_000); time.sleep(300)"
        limits = Limits(output_bytes=1_000_000)
        spec = RunSpec({"a.py": code}, "a.py", SubmissionKind.SCRIPT, limits)
        with Session(backend, spec) as session:
            session.run()
    """
    source = textwrap.dedent(script % backend.name)
    with subprocess.Popen([sys.executable, "-c", source]) as grader:
        deadline = time.monotonic() + 30
        while len(members := tree(grader.pid)) < 4 and time.monotonic() < deadline:
            time.sleep(0.01)
        grader.kill()
    while living(members) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert living(members) == []
    for box in Path(tempfile.gettempdir()).glob("gradeloop-*"):
        remove_tree(box)  # nobody was left who could have done it
