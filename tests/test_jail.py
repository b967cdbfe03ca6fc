"""What the worker does to itself, and what the supervisor plans for it to do."""

from __future__ import annotations

import errno
import os
import platform
import resource
import stat
import struct
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from grader.model import Limits, RunSpec, SubmissionKind
from grader.sandbox import room
from grader.sandbox.box import make_box
from grader.sandbox.bubblewrap import room_arguments, work_folder
from grader.sandbox.landlock import allowed
from grader.sandbox.processes import Clock, birth, kill_tree, living, tree, usage
from grader.worker import landlock, seccomp

SPEC = RunSpec({"submission.py": b""}, "submission.py", SubmissionKind.SCRIPT, Limits(processes=7, memory_mb=900))
ALLOW, KILL, ERROR = 0x7FFF0000, 0x80000000, 0x00050000
REFUSED = ERROR | errno.EPERM
NUMBERS = {
    "x86_64": {
        "read": 0, "mount": 165, "ptrace": 101, "clone": 56, "clone3": 435, "socket": 41, "socketpair": 53,
        "ioctl": 16, "fcntl": 72, "prlimit64": 302, "kill": 62, "fchmod": 91, "fsetxattr": 190, "truncate": 76,
        "shmget": 29, "fork": 57, "execve": 59,
    },
    "aarch64": {
        "read": 63, "mount": 40, "ptrace": 117, "clone": 220, "clone3": 435, "socket": 198, "socketpair": 199,
        "ioctl": 29, "fcntl": 25, "prlimit64": 261, "kill": 129, "fchmod": 52, "fsetxattr": 7, "truncate": 45,
        "shmget": 194, "execve": 221,
    },
}  # fmt: skip
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


def _verdict(code: bytes, number: int, arguments: tuple[int, ...] = (), architecture: int = 0xC000003E) -> int:
    """Run a filter as the kernel would: the classic BPF machine with what our programs use."""
    data = struct.pack("<iIQ6Q", number, architecture, 0, *(arguments + (0,) * 6)[:6])
    accumulator = at = 0
    while True:
        operation, when_true, when_false, value = struct.unpack_from("<HBBI", code, at * 8)
        at += 1
        if operation == 0x06:
            return int(value)
        if operation == 0x20:
            accumulator = struct.unpack_from("<I", data, value)[0]
        elif operation == 0x54:
            accumulator &= value
        else:
            tests = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: bool(accumulator & value)}
            at += when_true if tests[operation] else when_false


@pytest.fixture(params=["x86_64", "aarch64"])
def machine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each processor that the filter is written for, whatever this one is."""
    name = str(request.param)
    monkeypatch.setattr(platform, "machine", lambda: name)
    return name


class Asker:
    """Asks a filter about calls by name."""

    def __init__(self, machine: str, code: bytes) -> None:
        self.machine = machine
        self.code = code

    def __call__(self, name: str, *arguments: int) -> int:
        return _verdict(self.code, NUMBERS[self.machine][name], arguments, ARCHITECTURES[self.machine])


def test_the_filter_refuses_what_is_dangerous_and_nothing_else(machine: str) -> None:
    """Mounts, tracing, namespaces and shared segments are refused; reading and forking are not."""
    ask = Asker(machine, seccomp.program(shared=False))
    for name in ("mount", "ptrace", "shmget"):
        assert ask(name) == REFUSED, name
    for name in ("read", "execve", "fchmod", "fsetxattr", "truncate", "kill", "socketpair"):
        assert ask(name) == ALLOW, name


def test_arguments_decide(machine: str) -> None:
    """clone with a namespace, a socket of another family, another's limits, a terminal's input are refused."""
    ask = Asker(machine, seccomp.program(shared=False))
    assert ask("clone", 0x11) == ALLOW
    assert ask("clone", 0x10000011) == REFUSED
    assert ask("clone3") == ERROR | errno.ENOSYS
    assert ask("socket", 1) == ALLOW
    assert ask("socket", 2) == ask("socket", 16) == ask("socket", 40) == ERROR | errno.EAFNOSUPPORT
    assert ask("prlimit64", 0, 7) == ALLOW
    assert ask("prlimit64", 1234, 7) == REFUSED
    assert ask("ioctl", 0, 0x5412) == ask("ioctl", 0, 0x541C) == REFUSED
    assert ask("ioctl", 0, 0x5401) == ALLOW
    assert ask("fcntl", 3, 8) == REFUSED
    assert ask("fcntl", 3, 2) == ALLOW


def test_where_the_machine_is_shared_more_is_refused(machine: str) -> None:
    """No named sockets; what Landlock does not watch does nothing; signals go to oneself only."""
    ask = Asker(machine, seccomp.program(shared=True, own_signals=4711))
    assert ask("socket", 1) == ERROR | errno.EAFNOSUPPORT
    assert ask("socketpair", 1, 1 | 0o2000000) == ALLOW
    assert ask("socketpair", 1, 2) == ERROR | errno.EAFNOSUPPORT
    assert ask("fchmod") == ERROR  # errno 0: it seems to work
    assert ask("fsetxattr") == ERROR | errno.ENOTSUP
    assert ask("truncate") == REFUSED
    assert ask("kill", 4711, 9) == ask("kill", 0, 9) == ALLOW
    assert ask("kill", 1, 9) == ask("kill", 0xFFFFFFFF, 9) == REFUSED


def test_another_abi_does_not_walk_past(machine: str) -> None:
    """32-bit calls are killed, x32 numbers do not exist."""
    code = seccomp.program(shared=False)
    assert _verdict(code, 21, (), 0x40000003) == KILL
    if machine == "x86_64":
        assert _verdict(code, 0x40000000 + 165) == ERROR | errno.ENOSYS


@pytest.mark.skipif(landlock.abi() < 1, reason="this kernel has no Landlock")
def test_landlock_holds_in_a_child(tmp_path: Path) -> None:
    """What is allowed can be read, what is written can be written, the rest is refused."""
    (tmp_path / "open").mkdir()
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed" / "file").write_text("hidden")
    (tmp_path / "open" / "file").write_text("shown")
    script = f"""
from pathlib import Path
from grader.worker import landlock
here = Path({str(tmp_path)!r})
landlock.restrict({{"read": [str(here / "open"), "/no/such/path"], "list": [str(here)], "write": []}})
print((here / "open" / "file").read_text(), sorted(path.name for path in here.iterdir()))
for attempt in (lambda: (here / "closed" / "file").read_text(), lambda: (here / "open" / "new").write_text("x")):
    try:
        attempt()
    except PermissionError:
        print("refused")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "shown ['closed', 'open']\nrefused\nrefused\n", done.stderr


def test_limits_are_lowered_and_never_the_address_space() -> None:
    """rlimits come from the plan; RLIMIT_AS stays as it was, for torch maps far more than it uses."""
    script = """
import json, resource
from grader.worker import jail
before = resource.getrlimit(resource.RLIMIT_AS)
jail.limit_resources({"cpu_seconds": 9.5, "memory_mb": 100, "processes": None, "file_mb": 3})
assert resource.getrlimit(resource.RLIMIT_AS) == before
names = ("RLIMIT_CPU", "RLIMIT_CORE", "RLIMIT_FSIZE", "RLIMIT_DATA")
print(json.dumps({name: resource.getrlimit(getattr(resource, name)) for name in names}))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert '"RLIMIT_CPU": [9, 11]' in done.stdout, done.stderr
    assert '"RLIMIT_CORE": [0, 0]' in done.stdout
    assert f'"RLIMIT_FSIZE": [{3 << 20}, {3 << 20}]' in done.stdout
    assert f'"RLIMIT_DATA": [{612 << 20}, {612 << 20}]' in done.stdout


# ------------------------------------------------------------------ what a worker may see


def test_hidden_folders_are_left_out_of_what_is_shown(tmp_path: Path) -> None:
    """Around a hidden folder everything is shown, and the way to it is only listed."""
    for name in ("a/site/torch", "a/site/grader/exercises", "a/site/numpy", "b"):
        (tmp_path / name).mkdir(parents=True)
    around = room.without(tmp_path, [tmp_path / "a/site/grader"])
    assert {str(path.relative_to(tmp_path)) for path in around.shown} == {"a/site/torch", "a/site/numpy", "b"}
    assert {str(path.relative_to(tmp_path)) for path in around.listed} == {".", "a", "a/site"}
    assert room.without(tmp_path / "b", [tmp_path / "a"]) == room.Around((tmp_path / "b",), ())


def test_the_graders_own_packages_are_hidden() -> None:
    """The engine, its checks, its exercises and its solutions are on the list, wherever they lie."""
    hidden = room.hidden_paths()
    root = Path(room.__file__).resolve().parents[1]
    assert root in hidden
    assert any(path.name == "exercises" for path in hidden)
    assert any(path.name == "reference" for path in hidden)


def test_an_installed_grader_is_covered_in_the_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the grader lies below a folder that is shown, bubblewrap mounts nothing over it."""
    package = Path(sys.prefix) / "lib" / "grader-for-a-test"
    monkeypatch.setattr(room, "hidden_paths", lambda: [package, Path("/elsewhere/grader")])
    monkeypatch.setattr(Path, "is_dir", lambda self: True)
    arguments = " ".join(room_arguments(SPEC, "/work"))
    assert f"--tmpfs {package}" in arguments
    assert "/elsewhere/grader" not in arguments


def test_landlock_never_shows_the_whole_of_a_folder_with_the_grader_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The packages around an installed grader are shown one by one."""
    import numpy

    site = Path(numpy.__file__).resolve().parents[1]
    monkeypatch.setattr(room, "hidden_paths", lambda: [site / "pytest"])
    box = make_box(None)
    rules = allowed(SPEC, box, None)
    box.remove()
    read, listed = rules["read"], rules["list"]
    assert isinstance(read, list)
    assert isinstance(listed, list)
    assert str(site / "numpy") in read
    assert str(site / "pytest") not in read
    assert not any(Path(path) in (site, *site.parents) for path in read)
    assert str(site) in listed


def test_the_room_has_no_home_and_no_environment() -> None:
    """bubblewrap clears the environment, shows neither homes nor /etc, and ends read-only."""
    arguments = room_arguments(SPEC, "/work")
    shown = {arguments[at + 2] for at, word in enumerate(arguments) if word.startswith("--ro-bind")}
    assert "--clearenv" in arguments
    assert "--die-with-parent" in arguments
    assert not {"/", "/etc", "/home", "/root", "/var", "/run", "/tmp"} & shown
    assert arguments[arguments.index("--remount-ro") + 1] == "/"


def test_the_working_folder_hides_nothing_of_the_interpreter() -> None:
    """/work is taken unless the interpreter lies below it."""
    assert work_folder([Path("/opt/python")]) == "/work"
    assert work_folder([Path("/work/project/.venv")]) == "/submission"


def test_a_workers_environment_is_its_own() -> None:
    """Nothing of ours gets in; hashes and threads are fixed, caches lie in its own folder."""
    variables = room.environment(SPEC, "/tmp/x")
    assert variables["PYTHONHASHSEED"] == "0"
    assert variables["OMP_NUM_THREADS"] == "1"
    assert variables["MPLBACKEND"] == "Agg"
    assert variables["HOME"] == variables["TMPDIR"] == "/tmp/x"
    assert not {"GRADE_SECRET", "GRADE_DATA"} & variables.keys()


def test_a_throwaway_number_comes_out_of_the_map() -> None:
    """A full map gives a high number, a container's a low one, a single user's none."""
    full, container, single = "0 0 4294967295\n", "0 100000 65536\n", "0 1000 1\n"
    assert (room.free_number(full) or 0) >= 0x60000000
    assert 30_000 <= (room.free_number(container) or 0) < 50_000
    assert room.free_number(single) is None
    assert len({room.free_number(full) for _ in range(20)}) > 10


def test_a_closed_folder_is_not_reachable(tmp_path: Path) -> None:
    """Somebody else must be able to walk through every folder on the way."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a").chmod(0o700)
    assert not room.reachable_by_others([tmp_path / "a" / "b"])
    assert room.reachable_by_others([Path("/usr/bin")])


def test_a_private_folder_keeps_the_run_as_it_is(tmp_path: Path) -> None:
    """Data that only we may read cannot be read by a throw-away user: then there is none."""
    (tmp_path / "images").write_bytes(b"")
    (tmp_path / "images").chmod(0o600)
    spec = RunSpec({}, "a.py", SubmissionKind.SCRIPT, Limits(), data=tmp_path)
    assert not room.readable_by_others([tmp_path / "images"])
    assert room.throwaway_identity(spec, walk=False) is None


def test_a_run_gets_its_own_number_of_processes() -> None:
    """A throw-away user is counted alone; an ordinary one together with all that it runs."""
    assert room.limits_for(SPEC, identity=12345)["processes"] == 7
    ours = room.limits_for(SPEC, identity=None)["processes"]
    assert ours is None if os.geteuid() == 0 else isinstance(ours, int) and ours > 7


def test_cuda_is_not_limited_in_what_it_maps() -> None:
    """On a graphics card RLIMIT_DATA would refuse what is only reserved."""
    spec = RunSpec({}, "a.py", SubmissionKind.SCRIPT, Limits(), device="cuda:0")
    assert room.limits_for(spec, None)["memory_mb"] is None
    assert room.limits_for(SPEC, None)["memory_mb"] == 900


# ------------------------------------------------------------------ what a run leaves behind


def test_a_box_is_removed_whatever_is_in_it(tmp_path: Path) -> None:
    """Deep folders, folders that nobody may enter, links and odd names go; what links point to stays."""
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "file").write_text("safe")
    box = make_box(None)
    (box.work / ".doomed-0").mkdir()
    (box.work / "link").symlink_to(victim)
    (box.temp / "odd\n\x07name").write_bytes(b"")
    os.mkfifo(box.temp / "pipe")
    locked = box.work / "locked"
    locked.mkdir()
    (locked / "inner").mkdir()
    locked.chmod(0)
    here = os.open(box.work, os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("d", dir_fd=here)
        deeper = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(here)
    box.remove()
    assert not box.root.exists()
    assert (victim / "file").read_text() == "safe"


def test_a_box_is_closed_to_others() -> None:
    """Nobody but its owner may look into a run's folder."""
    box = make_box(None)
    assert stat.S_IMODE(box.root.stat().st_mode) == 0o700
    assert box.root.parent == Path(os.path.realpath(tempfile.gettempdir()))
    box.remove()


def test_a_tree_of_processes_is_seen_and_killed() -> None:
    """Children of children are counted, measured and killed together; a forking one does not get away."""
    script = """
import os, time
for _ in range(3):
    os.fork()
data = bytearray(os.urandom(20 << 20))
print("ready", flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in range(8):
            process.stdout.readline()
        members = tree(process.pid)
        used = usage(process.pid, 1, Clock())
        assert len(members) == 8
        assert used.processes == 8
        # all but the first, which in a run is the sandbox's own
        assert used.memory > 7 * (20 << 20)
        kill_tree(process.pid)
    assert living(members) == []


def test_a_process_whose_first_thread_has_ended_is_not_gone() -> None:
    """It looks like a zombie; its other threads live, and their memory is counted."""
    script = """
import ctypes, threading, time
def go_on():
    time.sleep(0.2)
    data = bytearray(b"x" * (20 << 20))
    print("ready", flush=True)
    time.sleep(60)
threading.Thread(target=go_on).start()
ctypes.CDLL(None).pthread_exit(None)
"""
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {script!r}])"
    with subprocess.Popen([sys.executable, "-c", outer], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        members = tree(process.pid)
        assert all(birth(one) for one in members)
        assert usage(process.pid, 1, Clock()).memory > 20 << 20
        kill_tree(process.pid)
    assert living(members) == []


def test_time_of_children_that_nobody_waits_for_is_counted() -> None:
    """The kernel forgets it; whoever has seen them does not."""
    script = """
import os, signal, sys, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
if os.fork() == 0:
    while time.process_time() < 0.5:
        pass
    print("busy", flush=True)
    sys.stdin.readline()
    os._exit(0)
os.close(1)
time.sleep(60)
"""
    clock = Clock()
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == b"busy\n"
        before = clock.read(tree(process.pid))
        process.stdin.write(b"go\n")
        process.stdin.flush()
        assert process.stdout.read() == b""
        while len(tree(process.pid)) > 1:
            pass
        assert clock.read(tree(process.pid)) >= before >= 0.5
        process.kill()


def test_children_of_other_threads_are_seen() -> None:
    """A child belongs to the thread that forked it; the tree holds it all the same."""
    found: list[bool] = []

    def fork_here() -> None:
        with subprocess.Popen(["sleep", "30"]) as child:
            found.append(child.pid in tree(os.getpid()))
            child.kill()

    thread = threading.Thread(target=fork_here)
    thread.start()
    thread.join()
    assert found == [True]


def test_nothing_here_was_limited() -> None:
    """The tests above limited children only."""
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
