"""What a worker is asked to do, as the one frame that it reads first."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from ..errors import SandboxError
from ..model import RunSpec


def encode_request(spec: RunSpec, jail: Mapping[str, Any], canary: Mapping[str, Any] | None = None) -> bytes:
    """The payload of an R frame. Raises SandboxError for a file name that leaves the working folder."""
    request = {
        "files": {_checked(name): base64.b64encode(content).decode() for name, content in spec.files.items()},
        "entry": spec.entry,
        "kind": str(spec.kind),
        "limits": vars(spec.limits),
        "wall_seconds": spec.limits.wall_seconds,
        "seed": spec.seed,
        "device": spec.device,
        "threads": spec.threads,
        "data": jail.get("data"),
        "dataset": spec.dataset,
        "functions": list(spec.functions),
        "given": spec.given,
        "probe": vars(spec.probe) if spec.probe is not None else None,
        "quick": spec.quick,
        "build_only": spec.build_only,
        "checkpoint": spec.checkpoint,
        "jail": dict(jail),
        "canary": canary,
    }
    return json.dumps(request).encode()


def _checked(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
        raise SandboxError(f"a file cannot be called {name!r} in a working folder")
    return name
