"""What the worker does to itself before it loads the student's code: identity, limits, Landlock, seccomp."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
from pathlib import Path
from typing import Any

from . import landlock, seccomp
from .linux import PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS, PR_SET_PDEATHSIG, drop_capabilities, prctl

#: what torch and Python themselves map before a student's first line
_BASE_MB = 512
_OPEN_FILES = 1024


def apply(plan: dict[str, Any]) -> list[str]:
    """Apply the supervisor's plan; returns the layers that now hold. Raises OSError where one is refused."""
    _offer_to_the_oom_killer()
    if plan.get("identity") is not None:
        become(plan["identity"])
    if plan.get("counted_as") is not None:
        os.setresuid(plan["counted_as"], -1, -1)
    if plan.get("capabilities") == "drop":
        drop_capabilities()
        prctl(PR_SET_NO_NEW_PRIVS, 1)
    limit_resources(plan["limits"])
    layers: list[str] = []
    if plan.get("landlock") is not None:
        layers += _restrict_files(plan["landlock"])
    if plan.get("seccomp") is not None:
        wish = _filter_for(plan["seccomp"])
        seccomp.load(seccomp.program(**wish, nameless_memory=plan.get("nameless_memory", False)))
        layers.append("seccomp")
    return layers


def become(identity: int) -> None:
    """Turn into a user and group that own nothing, for good. Raises OSError."""
    os.setgroups([])
    os.setresgid(identity, identity, identity)
    os.setresuid(identity, identity, identity)
    # else /proc/self belongs to root, and torch cannot read its own maps; nothing secret is in this process
    prctl(PR_SET_DUMPABLE, 1)
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # a change of identity has undone it


def limit_resources(limits: dict[str, Any]) -> None:
    """Set rlimits, for each process; the supervisor watches the tree as a whole. Never RLIMIT_AS."""
    cpu = max(1, int(limits["cpu_seconds"]))
    _lower(resource.RLIMIT_CPU, cpu, cpu + 2)  # first SIGXCPU, then SIGKILL
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NOFILE, _OPEN_FILES)
    _lower(resource.RLIMIT_MEMLOCK, 0)
    _lower(resource.RLIMIT_FSIZE, int(limits["file_mb"]) << 20)
    if limits["processes"] is not None:
        _lower(resource.RLIMIT_NPROC, int(limits["processes"]))
    if limits["memory_mb"] is not None:
        _lower(resource.RLIMIT_DATA, (int(limits["memory_mb"]) + _BASE_MB) << 20)
    for name in ("RLIMIT_MSGQUEUE", "RLIMIT_RTPRIO", "RLIMIT_NICE"):
        if hasattr(resource, name):
            _lower(getattr(resource, name), 0)


def _lower(which: int, soft: int, hard: int | None = None) -> None:
    ceiling = resource.getrlimit(which)[1]
    wanted = [soft, soft if hard is None else hard]
    bounded = [value if ceiling == resource.RLIM_INFINITY else min(value, ceiling) for value in wanted]
    with contextlib.suppress(ValueError):  # macOS knows limits that it does not let anybody set
        resource.setrlimit(which, (bounded[0], bounded[1]))


def _offer_to_the_oom_killer() -> None:
    with contextlib.suppress(OSError):  # a kernel without it, or macOS
        Path("/proc/self/oom_score_adj").write_text("1000")


def _restrict_files(rules: dict[str, Any]) -> list[str]:
    if landlock.abi() < 1 and not rules.get("required", False):
        return []
    landlock.restrict(rules)
    return ["landlock"]


def _filter_for(wish: str) -> dict[str, Any]:
    """`room`: namespaces hide the machine. `shared`: none do, and signals are Landlock's from ABI 6 on."""
    if wish == "room":
        return {"shared": False}
    return {"shared": True, "own_signals": os.getpid() if landlock.abi() < 6 else None}
