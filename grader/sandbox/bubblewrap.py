"""The first choice: bubblewrap builds a room of namespaces, Landlock and seccomp hold inside it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import SandboxError
from ..model import Layer, Probe, RunSpec
from . import room
from .backend import Pipes
from .cold import ColdWorker, start
from .probe import try_to_break_out, with_identity

_WORKER, _DATA, TEMP = "/gradeloop/worker", "/gradeloop/data", "/tmp"
_WORK_FOLDERS = ("/work", "/submission", "/home/student")
#: Ubuntu lets programs make user namespaces only with a profile; that of bwrap lies in a package of its own
_APPARMOR = (
    "sudo apt install apparmor-profiles && "
    "sudo install -m 644 /usr/share/apparmor/extra-profiles/bwrap-userns-restrict /etc/apparmor.d/ && "
    "sudo apparmor_parser -r /etc/apparmor.d/bwrap-userns-restrict"
)
_FIXES = {
    "setting up uid map": _APPARMOR,
    "RTM_NEWADDR": _APPARMOR,
    "No permissions to create": "sudo sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000",
    "Can't mount proc": "docker run --security-opt systempaths=unconfined ...: the container outside hides /proc",
    "Unknown option": "sudo apt install bubblewrap, 0.8 or newer",
    "not installed": "sudo apt install bubblewrap",
}


@dataclass(frozen=True)
class Plan:
    """A room: the command that builds it, to be followed by what runs in it; and what a worker in it applies."""

    room: Sequence[str]
    jail: Mapping[str, Any]


class Bubblewrap:
    """A room with its own files, processes, network and users; the student's code is nobody in it."""

    name = "bubblewrap"

    def __init__(self, executable: str = "bwrap") -> None:
        self._executable = executable
        self._probe: Probe | None = None

    def probe(self) -> Probe:
        """Start a canary in a room; works when it was refused everything."""
        if self._probe is None:
            self._probe = (
                missing() if self.program() is None else with_identity(try_to_break_out(self, fix), walk=False)
            )
        return self._probe

    def launch(self, spec: RunSpec, pipes: Pipes) -> ColdWorker:
        """Start a cold worker in a new room."""
        plan = self.plan(spec)
        descriptors = (pipes.frames, pipes.control, pipes.faults)
        command = [*plan.room, *room.command(_WORKER, "main", descriptors)]
        return ColdWorker(start(command, pipes, {"PATH": "/usr/bin:/bin"}), plan.jail, overhead=2, gentle=False)

    def plan(self, spec: RunSpec) -> Plan:
        """A new room for a run. Raises SandboxError without bubblewrap."""
        program = self.program()
        if program is None:
            raise SandboxError("bubblewrap is not installed")
        work = work_folder(room.interpreter_folders())
        identity = room.throwaway_identity(spec, walk=False)
        jail = {
            "work": work,
            "temp": TEMP,
            "data": room.offered_data(spec, _DATA),
            "identity": identity,
            "capabilities": "drop",
            "limits": room.limits_for(spec, identity),
            "landlock": {"read": ["/"], "write": [work, TEMP, "/dev/shm"], "devices": room.devices(spec)},
            "seccomp": "room",
            "nameless_memory": bool(room.gpu_nodes(spec)),
        }
        return Plan([program, *room_arguments(spec, work), "--"], jail)

    def program(self) -> str | None:
        """Where bubblewrap lies; None where it is not installed."""
        return shutil.which(self._executable)


def room_arguments(spec: RunSpec, work: str) -> list[str]:
    """What bubblewrap is told. Temporary folders come before what may have to be shown below them."""
    arguments = [*_namespaces(), "--die-with-parent", "--new-session", "--clearenv"]
    for name, value in room.environment(spec, TEMP).items():
        arguments += ["--setenv", name, value]
    arguments += ["--proc", "/proc", "--dev", "/dev"]
    for place, megabytes in ((work, 256), (TEMP, 128), ("/dev/shm", 256)):
        size = ["--size", str(megabytes << 20), "--perms", "1777"]
        arguments += [*_ancestors(Path(place)), *size, "--tmpfs", place]
    for name in room.SYSTEM_FOLDERS:
        arguments += _system_folder(Path(name))
    for name in room.SYSTEM_FILES:
        arguments += [*_ancestors(Path(name)), "--ro-bind-try", name, name]
    for folder in room.interpreter_folders():
        arguments += [*_ancestors(folder), "--ro-bind", str(folder), str(folder)]
    arguments += _mask(room.hidden_paths())
    arguments += ["--perms", "0755", "--dir", "/gradeloop", "--ro-bind", str(room.WORKER), _WORKER]
    if spec.data is not None:
        arguments += ["--ro-bind", str(spec.data), _DATA]
    return [*arguments, *_gpu(spec), "--remount-ro", "/", "--chdir", "/"]


def work_folder(interpreter: Iterable[Path]) -> str:
    """Where the student's files lie: the first name with nothing of the interpreter's below it."""
    folders = list(interpreter)
    return next(name for name in _WORK_FOLDERS if not any(folder.is_relative_to(name) for folder in folders))


def _namespaces() -> list[str]:
    if os.geteuid() == 0:
        # no user namespace: inside one RLIMIT_NPROC would not count; the worker drops its uid instead
        return [
            "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try",
            "--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID",
            "--hostname", "sandbox",
        ]  # fmt: skip
    own = ["--unshare-all", "--unshare-user", "--disable-userns", "--uid", "1000", "--gid", "1000"]
    return [*own, "--hostname", "sandbox"]


def _ancestors(path: Path) -> list[str]:
    """bubblewrap makes missing parents 0700, which the dropped uid could not walk through."""
    steps = sorted(step for step in path.parents if step != Path("/"))
    return [word for step in steps for word in ("--perms", "0755", "--dir", str(step))]


def _system_folder(path: Path) -> list[str]:
    if path.is_symlink():  # /bin -> usr/bin
        return ["--symlink", str(path.readlink()), str(path)]
    return ["--ro-bind-try", str(path), str(path)]


def _mask(hidden: Iterable[Path]) -> list[str]:
    """Cover the grader's own folders where they lie below something that is shown."""
    shown = [*room.interpreter_folders(), *(Path(os.path.realpath(path)) for path in room.SYSTEM_FOLDERS)]
    arguments: list[str] = []
    for path in hidden:
        if not any(path.is_relative_to(folder) for folder in shown):
            continue
        cover = ["--perms", "0555", "--tmpfs"] if path.is_dir() else ["--ro-bind", os.devnull]
        arguments += [*cover, str(path)]
    return arguments


def _gpu(spec: RunSpec) -> list[str]:
    nodes = room.gpu_nodes(spec)
    if not nodes:
        return []
    arguments = ["--ro-bind", "/sys", "/sys"]
    for node in nodes:
        arguments += ["--dev-bind", node, node]
    return arguments


def missing() -> Probe:
    """Nothing works without the program."""
    reason = "bubblewrap is not installed"
    return Probe(works=False, layers=(Layer("namespaces", False, reason, fix(reason)),), reason=reason)


def fix(reason: str) -> str:
    """What would help; empty when nothing is known."""
    return next((fix for sign, fix in _FIXES.items() if sign in reason), "")
