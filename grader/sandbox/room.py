"""What a worker may see of this machine: the interpreter and its packages, no grader, exercises or homes."""

from __future__ import annotations

import importlib.util
import os
import random
import stat
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..model import RunSpec
from .processes import tasks_of_user

WORKER = Path(__file__).resolve().parents[1] / "worker"
#: loads the worker's folder as a package of its own name: nothing else of the grader is there to be imported
_BOOTSTRAP = """
import importlib.util, sys
folder, part = sys.argv[1:3]
spec = importlib.util.spec_from_file_location(
    "gradeloop_worker", folder + "/__init__.py", submodule_search_locations=[folder])
package = sys.modules["gradeloop_worker"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(package)
importlib.import_module("gradeloop_worker." + part).main(sys.argv[3:])
"""
SYSTEM_FOLDERS = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64")
SYSTEM_FILES = (
    "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/localtime",
    "/sys/devices/system/cpu", "/sys/devices/system/node",
)  # fmt: skip
FILE_MB = 256
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_HIGH, _LOW, _COUNT = 0x60000000, 30_000, 20_000


@dataclass(frozen=True)
class Around:
    """A folder to be shown with some things in it left out: shown whole, or only listed."""

    shown: tuple[Path, ...]
    listed: tuple[Path, ...]


def command(worker: str, part: str, descriptors: Iterable[int]) -> list[str]:
    """Start the worker's `part` (main or monitor): no path of a folder, no user's packages, no bytecode."""
    numbers = [str(descriptor) for descriptor in descriptors]
    return [sys.executable, "-P", "-s", "-B", "-c", _BOOTSTRAP, worker, part, *numbers]


def environment(spec: RunSpec, temp: str) -> dict[str, str]:
    """All the variables that a worker gets: none of ours, every cache in its own temporary folder."""
    threads = str(spec.threads)
    return {
        "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC", "TERM": "dumb",
        "HOME": temp, "TMPDIR": temp, "USER": "student", "LOGNAME": "student",
        "XDG_CACHE_HOME": f"{temp}/.cache", "MPLCONFIGDIR": f"{temp}/.matplotlib",
        "TORCH_HOME": f"{temp}/.torch", "TORCHINDUCTOR_CACHE_DIR": f"{temp}/.inductor", "MPLBACKEND": "Agg",
        "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads, "MKL_NUM_THREADS": threads,
        "PYTHONHASHSEED": str(spec.seed % 2**32), "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip


def limits_for(spec: RunSpec, identity: int | None) -> dict[str, object]:
    """The part of the jail's plan that becomes rlimits."""
    return {
        "cpu_seconds": spec.limits.cpu_seconds,
        # CUDA maps far more than it uses
        "memory_mb": None if spec.device.startswith("cuda") else spec.limits.memory_mb,
        "processes": _process_limit(spec, identity),
        "file_mb": FILE_MB,
    }


def written_folders(jail: Mapping[str, Any]) -> tuple[str, ...]:
    """Where a worker in a room may write: each is a file system of its own there."""
    return (jail["work"], jail["temp"], "/dev/shm")


def gpu_nodes(spec: RunSpec) -> list[str]:
    """The device files of graphics cards, where the run is to use one."""
    if not spec.device.startswith("cuda"):
        return []
    return [str(path) for path in sorted(Path("/dev").glob("nvidia*")) if not path.is_dir()]


def devices(spec: RunSpec) -> list[str]:
    """Device files that a worker may open."""
    return [*_DEVICES, *gpu_nodes(spec)]


def interpreter_folders() -> list[Path]:
    """Where the interpreter and its packages live, outermost only, outside of the system's own folders."""
    real = Path(os.path.realpath(sys.executable))
    wanted = [Path(sys.prefix), Path(sys.base_prefix), Path(os.path.realpath(sys.base_prefix)), real.parent]
    wanted += [Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")]
    found: list[Path] = []
    for folder in sorted(set(wanted), key=lambda path: len(path.parts)):
        if not any(folder.is_relative_to(other) for other in [*found, *map(Path, SYSTEM_FOLDERS)]):
            found.append(folder)
    return found


def hidden_paths() -> list[Path]:
    """The grader's own packages wherever they were installed, and the note that tells where from."""
    folders = [Path(__file__).resolve().parents[1]]
    for name in ("plugins", "reports", "exercises", "reference"):
        found = importlib.util.find_spec(f"grader.{name}")
        places = found.submodule_search_locations if found is not None else None
        folders += [Path(path) for path in places or ()]
    notes = Path(sysconfig.get_path("purelib")).glob("gradeloop-*.dist-info/direct_url.json")
    return sorted({path.resolve() for path in [*folders, *notes]})


def without(root: Path, hidden: Iterable[Path]) -> Around:
    """Show a folder but for what is hidden below it; what lies on the way there is only listed."""
    inside = [path for path in hidden if path.is_relative_to(root)]
    if not inside:
        return Around((root,), ())
    if root in inside:
        return Around((), ())
    shown: list[Path] = []
    listed = [root]
    for child in sorted(root.iterdir()):
        part = without(child, inside)
        shown += part.shown
        listed += part.listed
    return Around(tuple(shown), tuple(listed))


def throwaway_identity(spec: RunSpec, *, walk: bool) -> int | None:
    """A number for a user and group that own nothing; None where the worker has to stay who we are.

    Only root may become somebody else, and only where that somebody can read the packages and the data.
    `walk`: it also has to get there through this machine's own folders.
    """
    needed = [*_packages(), WORKER, WORKER / "main.py"]
    needed += [spec.data, *spec.data.iterdir()] if spec.data is not None else []
    ranges = Path("/proc/self/uid_map")
    if os.geteuid() != 0 or not ranges.exists() or not readable_by_others(needed):
        return None
    return free_number(ranges.read_text()) if not walk or reachable_by_others(needed) else None


def free_number(ranges: str) -> int | None:
    """A random high user number out of a uid_map: inside a rootless container few numbers exist."""
    for first in (_HIGH, _LOW):
        if _covers(ranges, first, first + _COUNT):
            return first + random.SystemRandom().randrange(_COUNT)
    return None


def counting_identity(identity: int | None) -> int | None:
    """A real user number for a worker that has to stay root: the kernel counts no process of root's own.

    Files are still opened as root without capabilities; only the number that RLIMIT_NPROC looks at is another.
    """
    ranges = Path("/proc/self/uid_map")
    if identity is not None or os.geteuid() != 0 or not ranges.exists():
        return None
    return free_number(ranges.read_text())


def reachable_by_others(paths: Iterable[Path]) -> bool:
    """Whether a user without rights can walk to each of them."""
    steps = {step for path in paths for step in (path, *path.parents)}
    return all(step.stat().st_mode & stat.S_IXOTH for step in steps if step.is_dir())


def readable_by_others(paths: Iterable[Path]) -> bool:
    """Whether a user without rights may read each of them, once there."""
    wanted = {True: stat.S_IROTH | stat.S_IXOTH, False: stat.S_IROTH}
    return all(path.stat().st_mode & wanted[path.is_dir()] == wanted[path.is_dir()] for path in paths)


def offered_data(spec: RunSpec, inside: str) -> str | None:
    """The data folder's name as the worker will know it."""
    return inside if spec.data is not None else None


def _packages() -> list[Path]:
    """The interpreter, its library, and a package out of the others: installed under one umask."""
    folders = [Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib")]
    torch = importlib.util.find_spec("torch")
    places = torch.submodule_search_locations if torch is not None else None
    return [Path(sys.executable).resolve(), *folders, *(Path(place) for place in places or ())]


def _covers(ranges: str, first: int, last: int) -> bool:
    rows = [[int(word) for word in line.split()] for line in ranges.splitlines()]
    return any(row[0] <= first and last <= row[0] + row[2] for row in rows if len(row) == 3)


def _process_limit(spec: RunSpec, identity: int | None) -> int | None:
    if identity is not None:
        return spec.limits.processes
    # the kernel counts all that this user runs, and root not at all; the supervisor counts the tree itself
    return None if os.geteuid() == 0 else spec.limits.processes + tasks_of_user()
