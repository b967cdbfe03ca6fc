"""Every program of tests/attacks, behind every wall that works here: what it reaches, how it ends, who is to blame."""

from __future__ import annotations

import os
import pwd
import re
import secrets
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from grader.model import Blame, Limits, Run, RunSpec, RunStatus, SubmissionKind
from grader.sandbox import SandboxBackend, Session
from grader.sandbox.plugin import grader_sandboxes
from grader.sandbox.processes import living, tree
from grader.sandbox.warm import Warm

FOLDER = Path(__file__).parent / "attacks"
ROOT = FOLDER.parents[1]
GRADER_FILES = ("pyproject.toml", "grader/model.py", "plugins/crashed.py", "exercises/mnist-mlp/exercise.toml")
SHADOW = b"SHADOW = True\n"
BENIGN = """
import torch
model = torch.nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for _ in range(5):
    optimizer.zero_grad()
    model(torch.randn(8, 4)).pow(2).mean().backward()
    optimizer.step()
"""
#: `make attacks` tries every program behind every wall; the suite tries those again where a wall of its own answers
EVERYTHING = os.environ.get("ATTACKS") == "all"
#: a new process each. What only asks and is refused is tried together, in one
COLD = {
    "bubblewrap": ("resource/memory_shm", "exit/exit_at_import", "trace/forged_steps", "imports/shadow_modules"),
    "landlock": ("fs_write/", "process/", "resource/", "exit/atexit_loop", "exit/child_holds_pipes",
                 "trace/garbage_frames", "imports/shadow_modules"),
    "none": ("resource/infinite_loop", "exit/sigkill_self", "trace/garbage_frames", "trace/closes_its_pipes"),
}  # fmt: skip
#: where no wall holds only what a process does to itself is tried
NO_WALLS = ("resource/infinite_loop", "resource/ignores_sigterm", "exit/", "trace/forged_steps",
            "trace/frame_that_lies", "trace/garbage_frames", "trace/closes_its_pipes", "imports/")  # fmt: skip
ASKING = ("fs_read/", "fs_write/", "network/", "process/")
#: they leave children behind, which is to be looked at in a run of their own
ALONE = ("process/daemonise", "process/leftover_children")
TOGETHER = """
# expect: completed
# limits: wall=60
import os
import tempfile
import programs

for name, source in programs.SOURCES.items():
    os.chdir(tempfile.mkdtemp())
    try:
        exec(compile(source, name, "exec"), {"__name__": "__main__"})
    except Exception as error:
        print("REACHED an exception", name, repr(error))
    print("tried", name)
"""
_BACKENDS: dict[str, SandboxBackend] = {backend.name: backend for backend in grader_sandboxes()}


@dataclass(frozen=True)
class Attack:
    """One program and what its first lines say: how it may end, under which limits, beside which files."""

    name: str
    source: str

    @property
    def statuses(self) -> list[RunStatus]:
        return [RunStatus(word) for word in self._header("expect")]

    @property
    def limits(self) -> Limits:
        wish = dict(word.split("=") for word in self._header("limits"))
        wall, cpu = float(wish.get("wall", 15)), float(wish.get("cpu", 40))
        memory = int(wish.get("memory", 1200))
        disk, files = int(wish.get("disk", 640)), int(wish.get("files", 20_000))
        return Limits(wall, cpu, memory_mb=memory, processes=64, output_bytes=200_000, disk_mb=disk, files=files)

    @property
    def files(self) -> dict[str, bytes]:
        return dict.fromkeys(self._header("files"), SHADOW)

    def _header(self, key: str) -> list[str]:
        found = [line for line in self.source.splitlines() if line.startswith(f"# {key}: ")]
        return found[0].removeprefix(f"# {key}: ").split() if found else []


ATTACKS = [
    Attack(f"{path.parent.name}/{path.stem}", path.read_text(encoding="utf-8"))
    for path in sorted(FOLDER.glob("*/*.py"))
]


def _asks(attack: Attack) -> bool:
    """Whether it tries something, is refused, and has changed nothing for those that come after it."""
    ended = attack.statuses == [RunStatus.COMPLETED]
    return ended and attack.name.startswith(ASKING) and attack.name not in ALONE


def _walls(attack: Attack) -> list[str]:
    if EVERYTHING:
        return ["warm", "landlock", "bubblewrap", *(["none"] if attack.name.startswith(NO_WALLS) else [])]
    cold = [wall for wall, names in COLD.items() if attack.name.startswith(names)]
    return ["warm"] if _asks(attack) else ["warm", *cold]


def _cases() -> Iterator[object]:
    rooms = pytest.mark.bubblewrap
    for attack in ATTACKS:
        for name in _walls(attack):
            marks = [rooms] if name in ("warm", "bubblewrap") else []
            yield pytest.param(name, attack, id=f"{name}-{attack.name}", marks=marks)


def _working(name: str) -> SandboxBackend:
    probe = _BACKENDS[name].probe()
    if not probe.works:
        pytest.skip(f"{name} does not work here: {probe.reason}")
    return _BACKENDS[name]


@dataclass(frozen=True)
class Targets:
    """What lies about on the outside: to be read, listed, talked to and killed."""

    secret: Path
    module: bytes
    bystander: subprocess.Popen[bytes]


@pytest.fixture(scope="module")
def targets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Targets]:
    """A secret, a neighbour's work, servers and a bystander; everything open to everybody."""
    folder = tmp_path_factory.mktemp("outside")
    mark, content, abstract = secrets.token_hex(16), secrets.token_hex(16), f"attack-{secrets.token_hex(8)}"
    secret, neighbour = folder / "secret.txt", folder / "neighbour-work" / "submission.py"
    neighbour.parent.mkdir()
    for path in (secret, neighbour):
        path.write_text(content)
        path.chmod(0o666)
    folder.chmod(0o777)
    bystander = subprocess.Popen(["sleep", "3600"], env={"PATH": "/usr/bin:/bin"})
    os.environ["GRADELOOP_MARK"] = f"secret:{mark}"
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as unix:
        unix.bind("\0" + abstract)
        unix.listen()
        names = {
            "SECRET": str(secret), "CONTENT": content, "MARK": mark, "MARK_BACKWARDS": mark[::-1],
            "FOLDER": str(folder), "NEIGHBOUR": str(neighbour), "NEIGHBOUR_FOLDER": str(neighbour.parent),
            "STUDENT": "neighbour-work", "PORT": server.getsockname()[1], "ABSTRACT": abstract,
            "BYSTANDER": bystander.pid, "GRADER_PID": os.getpid(), "HOME": str(Path.home()),
            "GRADER_FILES": [str(ROOT / name) for name in GRADER_FILES],
        }  # fmt: skip
        module = "".join(f"{name} = {value!r}\n" for name, value in names.items()).encode()
        yield Targets(secret, module, bystander)
    del os.environ["GRADELOOP_MARK"]
    bystander.kill()
    bystander.wait()


@pytest.fixture(autouse=True, scope="module")
def _no_server_is_left() -> Iterator[None]:
    """The warm server of this file ends with it."""
    yield
    warm = _BACKENDS["warm"]
    assert isinstance(warm, Warm)
    warm.close()


@pytest.fixture(autouse=True)
def _nothing_is_left(monkeypatch: pytest.MonkeyPatch, targets: Targets) -> Iterator[None]:
    """No attack leaves a process or a folder behind, and the bystander lives."""
    with tempfile.TemporaryDirectory(prefix="boxes-") as folder:
        Path(folder).chmod(0o711)
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield
        warm = _BACKENDS["warm"]
        assert isinstance(warm, Warm)
        expected = {os.getpid(), warm.pid, targets.bystander.pid}
        assert living(set(tree(os.getpid())) - expected) == []
        assert list(Path(folder).iterdir()) == []
    assert targets.bystander.poll() is None


def _run(backend: SandboxBackend, attack: Attack, targets: Targets, files: Mapping[str, bytes] | None = None) -> Run:
    helping = (FOLDER / "helping.py").read_bytes()
    own = {"submission.py": attack.source.encode(), "helping.py": helping, "targets.py": targets.module}
    spec = RunSpec({**attack.files, **own, **(files or {})}, "submission.py", SubmissionKind.SCRIPT, attack.limits)
    with Session(backend, spec) as session:
        return session.run()


@pytest.mark.parametrize(("name", "attack"), list(_cases()))
def test_an_attack_reaches_nothing(name: str, attack: Attack, targets: Targets) -> None:
    """It ends as its first line says, at the student's cost if at anybody's, and has reached nothing."""
    before = targets.secret.stat()
    run = _run(_working(name), attack, targets)
    said = run.stdout.text + run.stderr.text
    assert "REACHED" not in said, said
    assert run.status in attack.statuses, (run.status, run.reason, run.stderr.text[-1000:])
    assert run.blame in (None, Blame.STUDENT), run.reason
    after = targets.secret.stat()
    assert (after.st_mode, after.st_mtime, after.st_nlink) == (before.st_mode, before.st_mtime, before.st_nlink)


@pytest.mark.parametrize("name", [pytest.param("bubblewrap", marks=pytest.mark.bubblewrap), "landlock"])
def test_what_asks_is_refused(name: str, targets: Targets) -> None:
    """In a process that was started for it: every program that asks for something is refused it, one after another."""
    sources = {attack.name: attack.source for attack in ATTACKS if _asks(attack)}
    files = {"programs.py": f"SOURCES = {sources!r}".encode()}
    run = _run(_working(name), Attack("together", TOGETHER), targets, files)
    assert "REACHED" not in run.stdout.text + run.stderr.text, run.stdout.text
    assert run.status is RunStatus.COMPLETED, (run.reason, run.stderr.text[-1000:])
    assert [line for line in run.stdout.text.splitlines() if line.startswith("tried")] == [
        f"tried {it}" for it in sources
    ]


@pytest.mark.parametrize("name", [pytest.param("warm", marks=pytest.mark.bubblewrap), "landlock"])
def test_the_next_submission_is_unharmed(name: str, targets: Targets) -> None:
    """After attacks of every kind an honest program behind the same wall runs to its end."""
    backend = _working(name)
    chosen = ("fs_write/poison_caches", "process/daemonise", "exit/exit_at_import", "trace/patch_builtins")
    for attack in (one for one in ATTACKS if one.name in chosen):
        _run(backend, attack, targets)
    run = _run(backend, Attack("benign", BENIGN), targets)
    assert (run.status, run.blame) == (RunStatus.COMPLETED, None), run.stderr.text
    assert run.trace is not None
    assert run.trace.steps == 5


def test_an_attack_that_reaches_something_is_seen(targets: Targets) -> None:
    """Without walls the secret is read, and the words that the tests look for are said."""
    [attack] = [one for one in ATTACKS if one.name == "fs_read/guess_hidden_paths"]
    assert "REACHED" in _run(_working("none"), attack, targets).stdout.text


ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody else")
#: what the suite tries as somebody else; `make attacks` tries everything
CHOSEN = ["not ordinary"] if EVERYTHING else ["refused", "warm and (fill or nameless or bomb or shm)"]


@pytest.mark.bubblewrap
@ROOT_ONLY
@pytest.mark.parametrize("chosen", CHOSEN)
def test_an_ordinary_user_of_a_namespace_is_as_safe(chosen: str, tmp_path: Path) -> None:
    """As a user without rights outside its own namespace the same attacks end the same way."""
    _attack_again(["unshare", "--user", "--map-user=1000", "--map-group=1000", sys.executable], chosen, tmp_path)


@pytest.mark.bubblewrap
@ROOT_ONLY
@pytest.mark.parametrize("chosen", CHOSEN)
def test_an_ordinary_user_is_as_safe(chosen: str, strangers_python: Path) -> None:
    """As another user of this machine, who can read the grader and write nothing of it."""
    nobody = str(pwd.getpwnam("nobody").pw_uid)
    become = ["setpriv", f"--reuid={nobody}", f"--regid={nobody}", "--clear-groups", strangers_python]
    home = strangers_python.parents[2] / "home"
    _attack_again([*map(str, become)], chosen, home, {"HOME": str(home), "TMPDIR": str(home)})


@pytest.fixture
def strangers_python() -> Iterator[Path]:
    """The python of an environment that every user of this machine may run, with all that this one has."""
    found = shutil.which(f"python3.{sys.version_info.minor}", path="/usr/bin:/usr/local/bin")
    # within this environment, so that all that is in it can be had by links
    with tempfile.TemporaryDirectory(prefix="stranger-", dir=sys.prefix) as place:
        home = Path(place) / "home"
        home.mkdir()
        home.chmod(0o777)
        Path(place).chmod(0o755)
        python = Path(place) / "venv" / "bin" / "python"
        if found is not None:
            subprocess.run([found, "-m", "venv", "--without-pip", python.parents[1]], check=False, capture_output=True)
        if not python.exists():
            pytest.skip("there is no python of this version that another user may run, or it makes no environments")
        [packages] = python.parents[1].glob("lib/python*/site-packages")
        shutil.copytree(sysconfig.get_path("purelib"), packages, copy_function=os.link, dirs_exist_ok=True)
        yield python


def _attack_again(python: list[str], chosen: str, place: Path, environment: Mapping[str, str] | None = None) -> None:
    options = ["-p", "no:cacheprovider", "--basetemp", str(place / "base"), "-k", f"({chosen}) and not ordinary"]
    command = [*python, "-m", "pytest", "-q", *options, __file__]
    around = {**os.environ, **(environment or {})}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=900, env=around)
    if " passed" not in done.stdout and done.returncode in (0, 1, 4) and "Permission denied" in done.stderr:
        pytest.skip("another user may not read this folder")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert " passed" in done.stdout, done.stdout[-300:]


def test_the_docs_say_what_is_tried() -> None:
    """The table names each group of attacks, and only files that are there."""
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(tests/[a-z_/]+(?:\.py)?)/?`", text))
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
    assert {f"tests/attacks/{folder.name}" for folder in FOLDER.iterdir() if any(folder.glob("*.py"))} <= named
