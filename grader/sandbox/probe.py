"""Whether a backend holds here: start a canary in it, let it try to break out, and look from outside."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import SandboxError
from ..model import Layer, Limits, Probe, RunSpec, SubmissionKind
from . import cgroup, room
from .backend import SandboxBackend
from .box import remove_stale
from .claims import LAYERS
from .collector import Collector
from .pipes import close_all, open_pipes
from .request import encode_request
from .supervisor import Supervisor

_SECONDS = 20.0
LANDLOCK_FIX = "Linux 5.13 or newer, started with lsm=landlock,... on its command line: cat /sys/kernel/security/lsm"
_LAYER_FIXES = {"landlock": LANDLOCK_FIX, "seccomp": "Linux with CONFIG_SECCOMP_FILTER on x86-64 or AArch64"}
_OWN_USER = "a user that owns nothing"
ATTEMPTS = {
    "read": "no reading of other files",
    "write": "no writing elsewhere",
    "list": "no listing elsewhere",
    "network": "no network",
    "signal": "no signals to the outside",
    "mount": "no mounts",
    "trace": "no tracing of other processes",
}


def try_to_break_out(backend: SandboxBackend, fix: Callable[[str], str], seed: int = 0) -> Probe:
    """Start the canary, as a run with this seed. `fix` turns a reason into what would help, if anything is known."""
    try:
        with _targets() as targets:
            refused, layers, complaint = _release(backend, targets, seed)
    except (OSError, SandboxError) as error:
        return _does_not_work(str(error), fix)
    if not refused:
        return _does_not_work(complaint or "the worker did not answer", fix)
    found = [Layer(words, refused.get(name, False)) for name, words in ATTEMPTS.items()]
    found += [Layer(name, name in layers, fix=_LAYER_FIXES[name]) for name in LAYERS]
    open_walls = [layer.name for layer in found if not layer.holds and layer.name not in LAYERS]
    found.append(cgroup.probe())
    reason = f"does not hold here: {', '.join(open_walls)}" if open_walls else ""
    return Probe(works=not open_walls, layers=tuple(found), reason=reason)


def with_identity(probe: Probe, *, walk: bool) -> Probe:
    """The same, with a word on whose name a run goes by where the grader is root."""
    if not probe.works or os.geteuid() != 0:
        return probe
    spec = RunSpec(files={}, entry="", kind=SubmissionKind.SCRIPT, limits=Limits())
    if room.throwaway_identity(spec, walk=walk) is not None:
        return replace(probe, layers=(*probe.layers, Layer(_OWN_USER, True)))
    detail = "Python lies where only root may look, so a run stays root, without any capability"
    fix = f"grade as an ordinary user, or: chmod -R o+rX {sys.prefix}, and o+x on every folder above it"
    return replace(probe, layers=(*probe.layers, Layer(_OWN_USER, False, detail, fix)))


def _does_not_work(reason: str, fix: Callable[[str], str]) -> Probe:
    return Probe(works=False, layers=(Layer("worker", False, reason, fix(reason)),), reason=reason)


@contextlib.contextmanager
def _targets() -> Iterator[dict[str, Any]]:
    """Things to read, write, connect to and kill; open to everybody, so that only the walls can refuse."""
    remove_stale()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gradeloop-canary-")))
        folder.chmod(0o777)
        secret = folder / "secret"
        secret.write_bytes(b"nobody should read this")
        secret.chmod(0o666)
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        # it waits for the end of a pipe, so that it does not outlive a grader that is killed
        bystander = stack.enter_context(subprocess.Popen(
            ["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env={"PATH": "/usr/bin:/bin"}
        ))  # fmt: skip
        stack.callback(bystander.kill)
        port = server.getsockname()[1]
        yield {"secret": str(secret), "folder": str(folder), "port": port, "bystander": bystander.pid}
        if bystander.poll() is not None:
            raise SandboxError("a process outside could be killed")


def _release(
    backend: SandboxBackend, targets: dict[str, Any], seed: int
) -> tuple[dict[str, bool], tuple[str, ...], str]:
    """What was refused, which layers hold, and the last line that the worker complained with."""
    limits = Limits(wall_seconds=_SECONDS)
    spec = RunSpec(files={}, entry="", kind=SubmissionKind.SCRIPT, limits=limits, seed=seed)
    pipes, ends = open_pipes()
    try:
        worker = backend.launch(spec, pipes)
    except SandboxError:
        ends.close()
        raise
    finally:
        close_all(pipes)
    collector = Collector()
    supervisor = Supervisor(worker, ends, limits, collector)
    try:
        supervisor.send("R", encode_request(spec, worker.jail, targets))
        supervisor.watch(lambda: collector.canary is not None, _SECONDS)
        return dict(collector.canary or {}), collector.layers or (), supervisor.stderr.last_line()
    finally:
        supervisor.close()
