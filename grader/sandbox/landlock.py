"""Where no namespace can be had: Landlock, seccomp and a monitor that hunts down what a run leaves behind."""

from __future__ import annotations

from pathlib import Path

from ..model import Probe, RunSpec
from . import room
from .backend import Pipes
from .box import SHARED_MEMORY, Box, make_box
from .cold import ColdWorker, monitored
from .probe import LANDLOCK_FIX, try_to_break_out, with_identity

#: enough for torch to count processors; another process's folder is out of reach
_PROC = ("/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat")


class Landlock:
    """The machine's own file system with an allow-list; no sockets, no signals to the outside, no network."""

    name = "landlock"

    def __init__(self) -> None:
        self._probe: Probe | None = None

    def probe(self) -> Probe:
        """Start a canary; works when it was refused everything."""
        if self._probe is None:
            self._probe = with_identity(try_to_break_out(self, _fix), walk=True)
        return self._probe

    def launch(self, spec: RunSpec, pipes: Pipes) -> ColdWorker:
        """Start a monitor that forks a cold worker."""
        identity = room.throwaway_identity(spec, walk=True)
        counted_as = room.counting_identity(identity)
        box = make_box(identity)
        jail = {
            "identity": identity,
            "counted_as": counted_as,
            "capabilities": "drop",
            "limits": room.limits_for(spec, identity or counted_as),
            "landlock": allowed(spec, box, identity),
            "seccomp": "shared",
            "nameless_memory": bool(room.gpu_nodes(spec)),
            "loaders": "in-process",
        }
        return monitored(spec, pipes, box, jail)


def allowed(spec: RunSpec, box: Box, identity: int | None) -> dict[str, object]:
    """The allow-list: packages but for the grader's own, the run's folder, the data, a few devices.

    Shared memory is the machine's own here: only a throw-away identity may write there, whose files can be told
    from those of others, counted, and removed.
    """
    shared = [str(SHARED_MEMORY)] if identity is not None else []
    hidden = room.hidden_paths()
    system = [Path(path) for path in room.SYSTEM_FOLDERS if not Path(path).is_symlink()]
    folders = [folder for folder in [*system, *room.interpreter_folders()] if folder.is_dir()]
    parts = [room.without(folder, hidden) for folder in folders]
    read = [str(path) for part in parts for path in part.shown]
    read += [*room.SYSTEM_FILES, *_PROC, str(room.WORKER)]
    read += [str(spec.data)] if spec.data is not None else []
    read += ["/sys"] if room.gpu_nodes(spec) else []
    return {
        "required": True,
        "read": read,
        "list": [str(path) for part in parts for path in part.listed],
        "write": [str(box.work), str(box.temp), *shared],
        "devices": room.devices(spec),
    }


def _fix(reason: str) -> str:
    return LANDLOCK_FIX if "Landlock:" in reason else ""
