"""Which device a worker offers: what was asked for, checked against what is there."""

from __future__ import annotations

import re
from pathlib import Path

from .errors import UsageError

ASKED = re.compile(r"auto|cpu|cuda(?::(\d{1,2}))?")


def resolve(asked: str, devices: Path = Path("/dev")) -> str:
    """`cpu`, `cuda` or `cuda:N`. Raises UsageError for another word, or a GPU that is not there.

    Looks for NVIDIA's device nodes: asking torch would import it here.
    """
    match = ASKED.fullmatch(asked)
    if match is None:
        raise UsageError(f"--device: {asked!r}; choose from auto, cpu, cuda, cuda:N")
    there = {path.name for path in devices.glob("nvidia[0-9]*")}
    if asked == "auto":
        return "cuda" if there else "cpu"
    wanted = f"nvidia{match.group(1)}" if match.group(1) else None
    if asked.startswith("cuda") and (not there or (wanted is not None and wanted not in there)):
        found = ", ".join(sorted(there)) or "none"
        raise UsageError(f"--device: no GPU for {asked!r} here (found: {found}); `--device cpu` works everywhere")
    return asked
